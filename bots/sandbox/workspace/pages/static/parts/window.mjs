// A dialog window over everything: focus stays in it, Escape closes it, and focus returns where it was.
import { html } from "foundation/html.mjs";
import { useLayoutEffect, useRef } from "preact/hooks";

/** Show a dialog window while this is drawn. `onClose` is called by Escape. */
export function Window({ label, className = "", role, onClose, children }) {
  const dialog = useRef(null);
  useLayoutEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    shown.showModal();
    return () => {
      shown.close();
      before?.focus?.();
    };
  }, []);
  const cancel = (event) => {
    if (event.target !== dialog.current) return;
    event.preventDefault();
    onClose();
  };
  return html`<dialog ref=${dialog} class=${`window ${className}`} role=${role} aria-label=${label} onCancel=${cancel}
    onKeyDown=${(event) => event.stopPropagation()}>${children}</dialog>`;
}

/** Ask a question with two answers. `text` may be drawn words. */
export function Question({ title, text, yes, no, danger, onYes, onNo }) {
  return html`<${Window} label=${title} className="question" role="alertdialog" onClose=${onNo}>
    <h2>${title}</h2>
    <div class="question-text">${text}</div>
    <div class="window-foot">
      <button type="button" class="button" onClick=${onNo}>${no}</button>
      <button type="button" class=${`button ${danger ? "danger" : "primary"}`} onClick=${onYes}>${yes}</button>
    </div>
  <//>`;
}
