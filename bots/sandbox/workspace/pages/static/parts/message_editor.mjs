// Changing one's own message where it stands.
import { html } from "foundation/html.mjs";
import { useEffect, useRef, useState } from "preact/hooks";
import { asTyped } from "../words/mrkdwn.mjs";

/** Draw the field in place of the message. */
export function MessageEditor({ message, channel, desk, onDone }) {
  const began = asTyped(message.text, (id) => desk.nameOf(id));
  const [text, setText] = useState(began.text);
  const field = useRef(null);
  useEffect(() => {
    field.current.focus();
    field.current.setSelectionRange(text.length, text.length);
  }, []);
  const save = async () => {
    const mentions = Object.fromEntries(Object.entries(began.mentions).filter(([word]) => text.includes(word)));
    const at = `${desk.place.person} message ${channel.id}:${message.ts}`;
    const seen = text === began.text || (await desk.act("edit", { channel: channel.id, ts: message.ts, text, mentions }, { at }));
    if (seen) onDone();
  };
  const keyDown = (event) => {
    if (event.key === "Escape") onDone();
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      save();
    }
  };
  return html`<div class="editor">
    <textarea ref=${field} class="field" aria-label="Edit message" rows="2" value=${text} onInput=${(event) => setText(event.target.value)} onKeyDown=${keyDown}></textarea>
    <div class="editor-foot"><button type="button" class="button small" onClick=${onDone}>Cancel</button>
      <button type="button" class="button primary small" onClick=${save} disabled=${!text.trim()}>Save</button></div>
  </div>`;
}
