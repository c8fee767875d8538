// Fields one types into: text, e-mail, address, number, formatted text, files.
import { html } from "foundation/html.mjs";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icons.mjs";
import { asTyped, parts } from "../words/mrkdwn.mjs";
import { plainOf } from "../words/inline.mjs";

const PAUSE = 150; // milliseconds without a keystroke before the app is told of what was typed
const TYPES = { email_text_input: "email", url_text_input: "url", number_input: "number" };

/** Draw a field of any typed kind. */
export function TextField({ block, element, surface, label, described, invalid, fieldId, counterId, onEdit }) {
  const rich = element.type === "rich_text_input";
  const field = useRef(null);
  const timer = useRef(0);
  const [text, setText] = useState(() => (rich ? writtenOf(surface.value(block, element)) : (surface.value(block, element) ?? "")));
  const multiline = element.multiline || rich;
  useEffect(() => {
    if (!multiline || !field.current.offsetParent) return;
    field.current.style.blockSize = "auto";
    field.current.style.blockSize = `${Math.min(field.current.scrollHeight + 2, 320)}px`;
  }, [text]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const held = (written) => (rich ? richOf(written) : written);
  const edit = (event) => {
    const written = event.target.value;
    setText(written);
    surface.set(block, element, held(written));
    onEdit?.();
    clearTimeout(timer.current);
    timer.current = setTimeout(() => surface.tell(block, element, held(written)), PAUSE);
  };
  const keyDown = (event) => {
    if (event.key !== "Enter" || event.isComposing || event.shiftKey || (multiline && !(event.ctrlKey || event.metaKey))) return;
    if (surface.tell(block, element, held(text), { enter: true })) event.preventDefault();
  };
  const shared = {
    ref: field, id: fieldId, class: "field", "aria-label": label, "aria-invalid": invalid, autofocus: element.focus_on_load,
    "aria-describedby": [described, counts(element) && counterId].filter(Boolean).join(" ") || undefined,
    "aria-required": block.type === "input" && !block.optional ? true : undefined,
    placeholder: plainOf(element.placeholder), value: text, onInput: edit, onKeyDown: keyDown, maxlength: element.max_length,
  };
  return html`${multiline
      ? html`<textarea rows=${element.min_lines ?? 3} ...${shared}></textarea>`
      : html`<input type=${TYPES[element.type] ?? "text"} step=${element.is_decimal_allowed ? "any" : undefined}
          min=${element.min_value} max=${element.max_value} autocomplete="off" ...${shared} />`}
    ${rich && html`<small class="hint">*bold* _italic_ ~strike~ ${"`code`"} and “> ” quotes are understood.</small>`}
    ${counts(element) && html`<small class=${`counter ${text && text.length < (element.min_length ?? 0) ? "short" : ""}`} id=${counterId}>${counted(element, text)}</small>`}`;
}

const counts = (element) => element.type === "plain_text_input" && Boolean(element.max_length || element.min_length);

function counted(element, text) {
  const length = [...text].length;
  if (!length) return element.min_length ? `At least ${element.min_length} characters` : "";
  if (length < (element.min_length ?? 0)) return `${length} of at least ${element.min_length} characters`;
  return element.max_length ? `${length} of ${element.max_length} characters` : `${length} characters`;
}

function richOf(text) {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  return text ? { type: "rich_text", elements: parts(escaped) } : null;
}

function writtenOf(value) {
  if (!value) return "";
  const marks = { bold: "*", italic: "_", strike: "~", code: "`" };
  const words = (one) => {
    const dress = Object.keys(marks).filter((name) => one.style?.[name]).map((name) => marks[name]);
    return dress.join("") + (one.text ?? one.url ?? (one.name ? `:${one.name}:` : "")) + dress.toReversed().join("");
  };
  const lines = (part) => (part.elements ?? []).map((one) => (one.elements ? lines(one) : words(one))).join("");
  const written = value.elements.map((part) => (part.type === "rich_text_quote" ? `> ${lines(part)}` : lines(part)));
  return asTyped(written.join("\n"), () => "").text;
}

/** Draw a field for files; their bytes go to the workspace at once. */
export function FileField({ block, element, surface, label, described, invalid, fieldId }) {
  const [files, setFiles] = useState(() => surface.value(block, element));
  const [trouble, setTrouble] = useState("");
  const settle = (next) => {
    setFiles(next);
    surface.choose(block, element, next);
  };
  const add = async (event) => {
    setTrouble("");
    const room = (element.max_files ?? 10) - files.length;
    const given = [...event.target.files];
    if (given.length > room) setTrouble(`This field takes ${element.max_files ?? 10} files at most.`);
    try {
      const sent = given.slice(0, room).map(async (file) => surface.desk.ask("attach", { name: file.name, content: await base64(file) }));
      settle([...files, ...(await Promise.all(sent))]);
    } catch (error) {
      setTrouble(error.message);
    }
    event.target.value = "";
  };
  const accept = element.filetypes?.map((one) => `.${one}`).join(",");
  return html`<div class="files">
    ${files.map((file) => html`<span class="chip"><${Icon} name="file" />${file.name}<button type="button" aria-label=${`Remove ${file.name}`}
      onClick=${() => settle(files.filter((one) => one !== file))}><${Icon} name="close" /></button></span>`)}
    <input type="file" id=${fieldId} class="field" aria-label=${label} aria-describedby=${described} aria-invalid=${invalid} accept=${accept}
      multiple=${(element.max_files ?? 10) > 1} onChange=${add} />
    ${trouble && html`<span class="error" role="alert">${trouble}</span>`}
  </div>`;
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error(`${file.name} could not be read.`));
    reader.readAsDataURL(file);
  });
}
