// Dialogs: the browser's own, which keep the focus inside and give it back.
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { shortMoment } from "./words.mjs";

/** A dialog that is open as long as it is shown. */
export function Dialog({ title, onClose, children }) {
  const dialog = useRef();
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    const own = dialog.current;
    own.showModal();
    return () => {
      own.close(); // while it is open nothing outside it takes the focus
      if (before?.isConnected) before.focus();
    };
  }, []);
  return html`<dialog ref=${dialog} aria-labelledby=${id} onClose=${onClose}>
    <h2 id=${id}>${title}</h2>
    ${children}
  </dialog>`;
}

/** Ask before something that cannot be undone. */
export function Confirm({ title, text, yes, onYes, onClose }) {
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p>${text}</p>
    <div class="dialog-row">
      <button class="light" onClick=${onClose}>Cancel</button>
      <button class="stop" onClick=${() => { onClose(); onYes(); }}>${yes}</button>
    </div>
  </${Dialog}>`;
}

/** Show the texts that a post had. */
export function History({ read, onClose }) {
  const [versions, setVersions] = useState([]);
  const [problem, setProblem] = useState("");
  useEffect(() => {
    read().then((found) => setVersions(found.versions.reverse()), (refusal) => setProblem(refusal.message));
  }, []);
  return html`<${Dialog} title="What it said before" onClose=${onClose}>
    <p class="problem" role="alert">${problem}</p>
    <ol class="versions">
      ${versions.map((one, place) => html`<li key=${one.at}>
        <p class="quiet">${place === 0 ? "Now, since" : "From"} <time dateTime=${one.at}>${shortMoment(one.at)}</time></p>
        <p class="text" dir="auto">${one.text}</p>
      </li>`)}
    </ol>
    <div class="dialog-row"><button class="light" onClick=${onClose}>Close</button></div>
  </${Dialog}>`;
}
