// Draws any interactive element by its type.
import { html } from "foundation/html.mjs";
import { Button, FeedbackButtons, Overflow } from "./button.mjs";
import { Choices } from "./choices.mjs";
import { DatePicker } from "./dates.mjs";
import { FileField, TextField } from "./fields.mjs";
import { Picker } from "./picker.mjs";
import { plainOf } from "../words/inline.mjs";

const KINDS = {
  button: Button, workflow_button: Button, icon_button: Button, feedback_buttons: FeedbackButtons, overflow: Overflow,
  checkboxes: Choices, radio_buttons: Choices, datepicker: DatePicker, timepicker: DatePicker, datetimepicker: DatePicker,
  plain_text_input: TextField, email_text_input: TextField, url_text_input: TextField, number_input: TextField,
  rich_text_input: TextField, file_input: FileField,
};
const NAMES = {
  datepicker: "Date", timepicker: "Time", datetimepicker: "Date and time", checkboxes: "Choices", radio_buttons: "Choices",
  users_select: "Person", channels_select: "Channel", conversations_select: "Conversation",
};

/** Draw an element. `label` names it where it does not name itself. */
export function Element({ element, label, ...rest }) {
  const Kind = KINDS[element.type] ?? (element.type.endsWith("_select") ? Picker : null);
  if (!Kind) return html`<span class="unknown">${element.type}</span>`;
  const name = label || plainOf(element.placeholder) || NAMES[element.type.replace(/^multi_/, "")] || "Choice";
  return html`<${Kind} element=${element} label=${name} ...${rest} />`;
}
