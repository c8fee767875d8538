// A box to write in, with the network's own count; what could not be sent stays in it, with the reason.
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { draft, keepDraft } from "./drafts.mjs";
import { Icon } from "./icons.mjs";
import { length } from "./words.mjs";

const NEAR = 40; // characters left from which the count stands out

/**
 * `onSend(text, media)` may refuse by throwing; `draftKey` names where unsent text is kept; `text` is what an edit
 * begins with; `byEnter` sends with Enter, otherwise with Ctrl or ⌘ and Enter.
 */
export function Composer({ label, placeholder = "", send, limit, draftKey, text: given = "", onSend, onCancel, mention, pictures, byEnter, focus }) {
  const [text, setText] = useState(() => draft(draftKey) || given);
  const [alt, setAlt] = useState(null);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const box = useRef();
  const id = useId();
  const left = limit - length(text);

  useLayoutEffect(() => {
    if (focus) box.current.focus(); // before the next key can be typed elsewhere
  }, []);
  useLayoutEffect(() => fit(box.current), [text]);

  function type(next) {
    setText(next);
    setProblem("");
    keepDraft(draftKey, next === given ? "" : next);
  }

  async function submit(event) {
    event?.preventDefault();
    if (busy) return;
    const found = fault(text, left, alt);
    setProblem(found);
    if (found) return void box.current.focus();
    setBusy(true);
    try {
      await onSend(text, alt === null ? [] : [{ alt: alt.trim() }]);
      keepDraft(draftKey, "");
      setText(given);
      setAlt(null);
      if (!onCancel) box.current?.focus();
    } catch (refusal) {
      setProblem(refusal.message);
    }
    setBusy(false);
  }

  function key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape" && onCancel) {
      event.stopPropagation();
      onCancel();
    }
    const sends = byEnter ? !event.shiftKey : event.ctrlKey || event.metaKey;
    if (event.key === "Enter" && sends) submit(event);
  }

  function insertMention() {
    const at = box.current.selectionStart;
    const gap = at > 0 && !/\s$/u.test(text.slice(0, at)) ? " " : "";
    type(`${text.slice(0, at)}${gap}@${mention} ${text.slice(at)}`);
    box.current.focus();
  }

  return html`<form class="composer" onSubmit=${submit} aria-label=${label} novalidate>
    <label class="visually-hidden" for=${`${id}-text`}>${label}</label>
    <textarea id=${`${id}-text`} ref=${box} rows="1" dir="auto" placeholder=${placeholder} value=${text}
      aria-describedby=${`${id}-count ${id}-problem`} aria-invalid=${problem ? "true" : undefined}
      onInput=${(event) => type(event.target.value)} onKeyDown=${key} />
    ${alt !== null && html`<div class="alt-field">
      <label for=${`${id}-alt`}>What is to be seen on the picture</label>
      <input id=${`${id}-alt`} value=${alt} maxlength="1500" onInput=${(event) => setAlt(event.target.value)} />
    </div>`}
    <p class="problem" id=${`${id}-problem`} role="alert">${problem}</p>
    <div class="composer-row">
      ${mention && html`<button type="button" class="light" onClick=${insertMention} aria-label=${`Mention @${mention}`}>@${mention}</button>`}
      ${pictures && html`<button type="button" class="light" aria-pressed=${alt !== null ? "true" : "false"}
        onClick=${() => setAlt(alt === null ? "" : null)} aria-label="Picture"><${Icon} name="picture" /></button>`}
      <span class=${`count${left < 0 ? " over" : left <= NEAR ? " near" : ""}`} id=${`${id}-count`}>${counted(left)}</span>
      ${onCancel && html`<button type="button" class="light" onClick=${onCancel}>Cancel</button>`}
      <button class="go" aria-busy=${busy ? "true" : undefined}>${send}</button>
    </div>
  </form>`;
}

function counted(left) {
  return left < 0 ? `${-left} too many` : `${left} left`;
}

function fault(text, left, alt) {
  if (!text.trim()) return "Write something first.";
  if (left < 0) return `Shorten it by ${-left} ${left === -1 ? "character" : "characters"}.`;
  if (alt !== null && !alt.trim()) return "Say what is to be seen on the picture, or leave the picture out.";
  return "";
}

function fit(box) {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 320)}px`;
}
