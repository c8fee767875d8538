// Checkboxes and radio buttons.
import { html } from "foundation/html.mjs";
import { useId, useState } from "preact/hooks";
import { TextObject } from "../words/inline.mjs";
import { useConfirm } from "./button.mjs";

/** Draw a set of checkboxes or radio buttons. */
export function Choices({ block, element, surface, label, described }) {
  const name = useId();
  const several = element.type === "checkboxes";
  const [value, setValue] = useState(() => surface.value(block, element));
  const [ask, question] = useConfirm(element.confirm, surface.desk);
  const chosen = (several ? value : value ? [value] : []).map((one) => one.value);
  const choose = (option, on) => {
    const kept = element.options.filter((one) => (one === option ? on : chosen.includes(one.value)));
    const next = several ? kept : option;
    const before = value;
    setValue(next);
    ask(() => surface.choose(block, element, next), () => setValue(before));
  };
  return html`<div class="choices" role=${several ? "group" : "radiogroup"} aria-label=${label} aria-describedby=${described}>
    ${element.options.map((option, index) => html`<label>
      <input type=${several ? "checkbox" : "radio"} name=${name} checked=${chosen.includes(option.value)}
        autofocus=${element.focus_on_load && index === 0} onChange=${(event) => choose(option, event.target.checked)} />
      <span><${TextObject} text=${option.text} desk=${surface.desk} />
        ${option.description && html`<small><${TextObject} text=${option.description} desk=${surface.desk} /></small>`}</span>
    </label>`)}${question}
  </div>`;
}
