// Things that open beside what they belong to: placed in the top layer, never cut off by what scrolls.
import { html } from "foundation/html.mjs";
import { useEffect, useRef, useState } from "preact/hooks";

const GAP = 4;

/** Put an open popover beside its anchor, inside the window. */
export function putBeside(popover, anchor, { end = false, width = 0 } = {}) {
  const at = anchor.getBoundingClientRect();
  if (width) popover.style.inlineSize = `${Math.max(width, at.width)}px`;
  popover.style.maxBlockSize = `${Math.max(120, Math.max(innerHeight - at.bottom, at.top) - 2 * GAP - 4)}px`;
  const { width: wide, height: high } = popover.getBoundingClientRect();
  const left = end ? at.right - wide : at.left;
  const below = at.bottom + GAP + high <= innerHeight || at.top < innerHeight - at.bottom;
  popover.style.left = `${Math.max(GAP, Math.min(left, innerWidth - wide - GAP))}px`;
  popover.style.top = `${below ? at.bottom + GAP : Math.max(GAP, at.top - high - GAP)}px`;
}

/** A button that opens something. `children` is called with `close` while it is open. */
export function PopoverButton({ label, className = "", face, children, role = "menu", end = false, title, disabled }) {
  const button = useRef(null);
  const popover = useRef(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    button.current.popoverTargetElement = popover.current;
  }, []);
  useEffect(() => {
    if (!open) return;
    putBeside(popover.current, button.current, { end });
    popover.current.querySelector("a, button:not([disabled]), input, textarea")?.focus();
  }, [open]);
  const close = () => {
    popover.current.hidePopover();
    button.current.focus();
  };
  return html`<button
      type="button" ref=${button} class=${className} aria-label=${label} title=${title} disabled=${disabled}
      aria-haspopup=${role === "menu" ? "menu" : "dialog"} aria-expanded=${open}
    >${face}</button>
    <div popover="auto" ref=${popover} class="popover" role=${role} aria-label=${label}
      onToggle=${(event) => setOpen(event.newState === "open")}
      onKeyDown=${role === "menu" ? walk : undefined}>${open && children(close)}</div>`;
}

/** Walk through a menu with the arrow keys. */
function walk(event) {
  const items = [...event.currentTarget.querySelectorAll('[role="menuitem"]')];
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  items.at(next % items.length)?.focus();
}
