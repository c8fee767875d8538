// Where one writes: Enter sends, Shift and Enter begin a new line; suggestions for / @ # and :.
import { html } from "foundation/html.mjs";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { draftOf, keepDraft } from "../kept.mjs";
import { withEmoji } from "../words/emoji.mjs";
import { Icon } from "./icons.mjs";
import { Notice } from "./notice.mjs";
import { suggested } from "./suggestions.mjs";

/** Draw the field for a channel or a thread. */
export function Composer({ desk, channel, thread = "" }) {
  const key = `${desk.place.person} ${channel.id} ${thread}`;
  const id = useId();
  const field = useRef(null);
  const picked = useRef({});
  const caret = useRef(null); // where it goes after a suggestion was taken
  const [text, setText] = useState(() => draftOf(key));
  const [offer, setOffer] = useState(null);
  const [at, setAt] = useState(0);
  const [broadcast, setBroadcast] = useState(false);
  const place = thread ? "Reply…" : `Message ${channel.kind === "im" ? desk.app.name : `#${channel.name}`}`;
  const label = thread ? "Reply in thread" : place;

  useLayoutEffect(() => {
    if (!field.current) return;
    field.current.style.blockSize = "auto";
    field.current.style.blockSize = `${Math.min(field.current.scrollHeight, 220)}px`;
    if (caret.current === null) return;
    field.current.focus();
    field.current.setSelectionRange(caret.current, caret.current);
    caret.current = null;
  }, [text]);
  useEffect(() => {
    if (thread && matchMedia("(hover: hover)").matches) field.current?.focus({ preventScroll: true });
  }, []);

  const write = (next, position) => {
    setText(next);
    keepDraft(key, next);
    const found = suggested(next, position, desk);
    setOffer(found?.choices.length ? found : null);
    setAt(0);
  };
  const take = (choice) => {
    const next = text.slice(0, offer.from) + choice.insert + text.slice(offer.to);
    if (choice.id) picked.current[choice.word] = choice.id;
    write(next, -1);
    caret.current = offer.from + choice.insert.length;
    if (choice.shortcut) {
      write("", 0);
      desk.act("shortcut", { callback_id: choice.shortcut }, { at: key });
    }
  };
  const send = async () => {
    const whole = text.trim();
    if (!whole) return;
    write("", 0);
    const seen = await (isCommand(whole, desk) ? command(whole) : desk.act("type", message(whole), { at: key }));
    if (!seen || seen.ok === false) {
      // What was refused is not lost, unless something new has been written meanwhile.
      if (!draftOf(key)) write(text, -1);
    } else if (!isCommand(whole, desk)) picked.current = {};
  };
  const message = (whole) => ({
    channel: channel.id, text: withEmoji(whole), thread_ts: thread || undefined, broadcast: Boolean(thread) && broadcast,
    mentions: Object.fromEntries(Object.entries(picked.current).filter(([word]) => whole.includes(word))),
  });
  const command = (whole) => {
    const [name] = whole.split(/\s/, 1);
    return desk.act("slash", { channel: channel.id, command: name, text: whole.slice(name.length).trim() }, { at: key });
  };
  const keyDown = (event) => {
    if (event.isComposing) return;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (offer && move) {
      event.preventDefault();
      setAt((at + move + offer.choices.length) % offer.choices.length);
    } else if (offer && (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey))) {
      event.preventDefault();
      take(offer.choices[at]);
    } else if (offer && event.key === "Escape") {
      event.preventDefault();
      setOffer(null);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    }
  };
  const begin = (sign) => () => {
    const next = text && !/\s$/.test(text) && sign !== "/" ? `${text} ${sign}` : sign === "/" ? "/" : text + sign;
    write(next, next.length);
    field.current.focus();
  };
  if (channel.archived) return html`<p class="closed">This channel is archived.</p>`;
  if (!channel.member)
    return html`<div class="closed">You are looking at #${channel.name}. <button type="button" class="button primary small" onClick=${() => desk.act("join", { channel: channel.id })}>Join channel</button></div>`;
  return html`<div class="composer-place">
    <${Notice} desk=${desk} at=${key} />
    ${offer && html`<div class="suggestions" role="listbox" id=${`${id}-list`} aria-label="Suggestions">
      ${offer.choices.map((choice, index) => html`<div role="option" id=${`${id}-${index}`} aria-selected=${index === at} class=${index === at ? "at" : ""}
        onMouseDown=${(event) => event.preventDefault()} onClick=${() => take(choice)} onMouseMove=${() => index !== at && setAt(index)}>
        <strong>${choice.shown}</strong>${choice.hint && html`<span class="quiet">${choice.hint}</span>`}</div>`)}
    </div>`}
    <div class="composer">
      <textarea ref=${field} rows="1" placeholder=${place} aria-label=${label} value=${text} autocomplete="off"
        aria-autocomplete="list" aria-controls=${offer ? `${id}-list` : undefined} aria-activedescendant=${offer ? `${id}-${at}` : undefined}
        onInput=${(event) => write(event.target.value, event.target.selectionStart)} onKeyDown=${keyDown} onBlur=${() => setOffer(null)}></textarea>
      <div class="composer-foot">
        <button type="button" class="icon-button" aria-label="Mention somebody" title="Mention somebody" onClick=${begin("@")}><${Icon} name="at" /></button>
        ${!thread && html`<button type="button" class="icon-button" aria-label="Slash commands" title="Slash commands" onClick=${begin("/")}><${Icon} name="slash" /></button>`}
        <button type="button" class="icon-button" aria-label="Emoji" title="Emoji" onClick=${begin(":")}><${Icon} name="smile" /></button>
        ${thread && html`<label class="also"><input type="checkbox" checked=${broadcast} onChange=${(event) => setBroadcast(event.target.checked)} />Also send to ${channel.kind === "im" ? "the conversation" : `#${channel.name}`}</label>`}
        <button type="button" class="send" aria-label="Send" title="Send" disabled=${!text.trim()} onClick=${send}><${Icon} name="send" /></button>
      </div>
    </div>
    <div class="how" aria-hidden="true"><kbd>Enter</kbd> sends · <kbd>Shift + Enter</kbd> new line</div>
  </div>`;
}

const isCommand = (text, desk) => text.startsWith("/") && (desk.app.commands.length > 0 || /^\/[a-z][\w-]*(\s|$)/.test(text));
