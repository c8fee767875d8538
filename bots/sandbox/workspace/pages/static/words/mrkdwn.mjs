// Reads the markup of chat messages (docs.slack.dev/messaging/formatting-message-text) into parts of rich text.
const STYLES = { "*": "bold", _: "italic", "~": "strike" };
const CODE = /`([^`\n]+)`/y;
const ANGLE = /<([^<>\n]+)>/y;
const EMOJI = /:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/y;
const ADDRESS = /https?:\/\/[^\s<>|]*[^\s<>|.,;:!?)\]'"*_~]/y;
const WORD = /[\p{L}\p{N}]/u;

/** Undo the escaping of the three reserved characters. */
export const unescaped = (text) => text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");

/** Read a whole text: sections, quotations and preformatted parts, in order. */
export function parts(text, { verbatim = false } = {}) {
  const found = [];
  text.split(/```([\s\S]+?)```/).forEach((piece, index) => {
    if (index % 2) {
      const code = unescaped(piece.replace(/^\n/, "").replace(/\n$/, ""));
      found.push({ type: "rich_text_preformatted", elements: [{ type: "text", text: code }] });
    } else if (piece.trim()) {
      found.push(...linesOf(index ? piece.replace(/^\n/, "") : piece, verbatim));
    }
  });
  return found;
}

function linesOf(text, verbatim) {
  const groups = [];
  let rest = false;
  for (const line of text.replace(/\n$/, "").split("\n")) {
    const mark = /^(?:&gt;|>)(?:(?:&gt;|>){2})?\s?/.exec(line);
    rest ||= Boolean(mark && /^(?:&gt;|>){3}/.test(line));
    const quoted = rest || Boolean(mark);
    const plain = mark ? line.slice(mark[0].length) : line;
    const last = groups.at(-1);
    if (last && last.quoted === quoted) last.lines.push(plain);
    else groups.push({ quoted, lines: [plain] });
  }
  return groups.map(({ quoted, lines }) => ({
    type: quoted ? "rich_text_quote" : "rich_text_section",
    elements: inline(lines.join("\n"), {}, verbatim),
  }));
}

/** Read one stretch of text into inline elements. */
export function inline(text, style = {}, verbatim = false) {
  const found = [];
  let plain = "";
  const dressed = (element) => (Object.keys(style).length ? { ...element, style } : element);
  const flush = () => {
    if (plain) found.push(dressed({ type: "text", text: unescaped(plain) }));
    plain = "";
  };
  let at = 0;
  while (at < text.length) {
    const next = special(text, at, style, verbatim);
    if (next) {
      flush();
      found.push(...next.elements.map((one) => (next.own ? one : dressed(one))));
      at = next.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return found;
}

function special(text, at, style, verbatim) {
  const match = (pattern) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  const character = text[at];
  if (character === "<") {
    const whole = match(ANGLE);
    return whole && { elements: [angle(whole[1])], end: at + whole[0].length };
  }
  if (character === "`") {
    const whole = match(CODE);
    const element = whole && { type: "text", text: unescaped(whole[1]), style: { ...style, code: true } };
    return whole && { elements: [element], own: true, end: at + whole[0].length };
  }
  if (character === ":") {
    const whole = match(EMOJI);
    return whole && { elements: [{ type: "emoji", name: whole[1] }], end: at + whole[0].length };
  }
  if (character === "h" && !verbatim && !WORD.test(text[at - 1] ?? " ")) {
    const whole = match(ADDRESS);
    return whole && { elements: [{ type: "link", url: unescaped(whole[0]) }], end: at + whole[0].length };
  }
  if (character in STYLES && !style[STYLES[character]] && !WORD.test(text[at - 1] ?? " ")) {
    const end = closing(text, at);
    if (end < 0) return null;
    const inner = inline(text.slice(at + 1, end), { ...style, [STYLES[character]]: true }, verbatim);
    return { elements: inner, own: true, end: end + 1 };
  }
  return null;
}

function closing(text, at) {
  const mark = text[at];
  if (/\s/.test(text[at + 1] ?? " ") || text[at + 1] === mark) return -1;
  for (let index = at + 1; index < text.length && text[index] !== "\n"; index += 1) {
    if (text[index] === "<") {
      const end = text.indexOf(">", index);
      if (end > 0) index = end;
    } else if (text[index] === "`") {
      const end = text.indexOf("`", index + 1);
      if (end > 0) index = end;
    } else if (text[index] === mark && !/\s/.test(text[index - 1]) && !WORD.test(text[index + 1] ?? " ")) {
      return index;
    }
  }
  return -1;
}

function angle(inside) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescaped(inside.slice(bar + 1));
  if (/^@[UWB]/.test(target)) return { type: "user", user_id: target.slice(1), label };
  if (/^#[CGD]/.test(target)) return { type: "channel", channel_id: target.slice(1), label };
  if (target.startsWith("!subteam^")) return { type: "usergroup", usergroup_id: target.slice(9), label };
  if (target.startsWith("!date^")) {
    const [timestamp, format, url] = target.slice(6).split("^");
    return { type: "date", timestamp: Number(timestamp), format: format ?? "", url, fallback: label };
  }
  if (/^!(here|channel|everyone)$/.test(target)) return { type: "broadcast", range: target.slice(1) };
  if (/^(https?:\/\/|mailto:)/.test(target)) return { type: "link", url: unescaped(target), text: label };
  return { type: "text", text: label || unescaped(target.replace(/^!/, "")) };
}

/** Write a stored text as it was typed, with `names` (id to name) for mentions; answers text and who was meant. */
export function asTyped(text, names) {
  const mentions = {};
  const written = text.replace(/<([^<>\n]+)>/g, (_, inside) => {
    const element = angle(inside);
    const id = element.user_id ?? element.channel_id ?? element.usergroup_id;
    if (id) {
      const word = `${element.type === "channel" ? "#" : "@"}${names(id) || element.label || id}`;
      mentions[word] = id;
      return word;
    }
    if (element.type === "broadcast") return `@${element.range}`;
    return element.text || (element.url ?? element.fallback ?? "");
  });
  return { text: unescaped(written), mentions };
}
