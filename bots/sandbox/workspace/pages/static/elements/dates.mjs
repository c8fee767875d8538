// Pickers of a date, a time, or both; they hold values in the time zone of the person.
import { html } from "foundation/html.mjs";
import { useState } from "preact/hooks";
import { localOf, secondsOf } from "../words/dates.mjs";
import { plainOf } from "../words/inline.mjs";
import { useConfirm } from "./button.mjs";

const KINDS = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };

/** Draw a date, time, or date and time picker. */
export function DatePicker({ block, element, surface, label, described, invalid, fieldId }) {
  const zone = surface.desk.person?.timezone ?? "UTC";
  const both = element.type === "datetimepicker";
  const [value, setValue] = useState(() => surface.value(block, element));
  const [ask, question] = useConfirm(element.confirm, surface.desk);
  const change = (event) => {
    const written = event.target.value || null;
    const next = both && written ? secondsOf(written, zone) : written;
    const before = value;
    setValue(next);
    ask(() => surface.choose(block, element, next), () => setValue(before));
  };
  return html`<input id=${fieldId} class="field date" type=${KINDS[element.type]} aria-label=${label} aria-describedby=${described} aria-invalid=${invalid}
      title=${plainOf(element.placeholder) || undefined} autofocus=${element.focus_on_load}
      value=${both && value ? localOf(value, zone) : (value ?? "")} onChange=${change} />${question}`;
}
