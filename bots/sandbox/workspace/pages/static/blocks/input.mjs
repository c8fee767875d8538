// Draws input blocks: a label, a field, a hint, and what is wrong with what was entered.
import { html } from "foundation/html.mjs";
import { useId } from "preact/hooks";
import { Element } from "../elements/element.mjs";
import { Icon } from "../parts/icons.mjs";
import { plainOf } from "../words/inline.mjs";

/** Draw an input block. */
export function InputBlock({ block, surface, error, onEdit }) {
  const id = useId();
  const label = plainOf(block.label);
  const described = [error && `${id}-error`, block.hint && `${id}-hint`].filter(Boolean).join(" ") || undefined;
  const isGroup = ["checkboxes", "radio_buttons"].includes(block.element.type);
  const words = html`${label}${block.optional && html`<span class="quiet"> (optional)</span>`}`;
  return html`<div class=${`input-block ${error ? "wrong" : ""}`}>
    ${isGroup ? html`<div class="label" aria-hidden="true">${words}</div>` : html`<label class="label" for=${id}>${words}</label>`}
    <${Element} key=${`${block.element.action_id} ${block.element.type}`} block=${block} element=${block.element} surface=${surface} label=${label} fieldId=${id}
      described=${described} invalid=${error ? true : undefined} counterId=${`${id}-count`} onEdit=${() => onEdit?.(block.block_id)} />
    ${error && html`<div class="error" id=${`${id}-error`}><${Icon} name="warning" /><span>${error}</span></div>`}
    ${block.hint && html`<div class="hint" id=${`${id}-hint`}>${plainOf(block.hint)}</div>`}
  </div>`;
}
