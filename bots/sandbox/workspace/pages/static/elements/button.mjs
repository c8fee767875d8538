// Buttons of blocks, and the confirm dialogs that any element may ask for.
import { html } from "foundation/html.mjs";
import { useState } from "preact/hooks";
import { Icon } from "../parts/icons.mjs";
import { PopoverButton } from "../parts/popover.mjs";
import { Question } from "../parts/window.mjs";
import { plainOf, TextObject } from "../words/inline.mjs";

/** Answer `ask`, which does something after the element's confirm dialog, if it has one, and the dialog to draw. */
export function useConfirm(confirm, desk) {
  const [waiting, setWaiting] = useState(null);
  const ask = (act, undo) => (confirm ? setWaiting({ act, undo }) : act());
  const answer = (name) => () => {
    setWaiting(null);
    waiting[name]?.();
  };
  const question =
    waiting &&
    html`<${Question} title=${plainOf(confirm.title)} text=${html`<${TextObject} text=${confirm.text} desk=${desk} />`}
      yes=${plainOf(confirm.confirm)} no=${plainOf(confirm.deny)} danger=${confirm.style === "danger"}
      onYes=${answer("act")} onNo=${answer("undo")} />`;
  return [ask, question];
}

/** A button. One with an address also opens it. */
export function Button({ block, element, surface }) {
  const [ask, question] = useConfirm(element.confirm, surface.desk);
  const allowed = element.visible_to_user_ids;
  if (allowed?.length && !allowed.includes(surface.desk.place.person)) return null;
  const busy = surface.isBusy(block, element);
  const url = /^https?:/i.test(element.url ?? "") ? element.url : "";
  const press = () =>
    ask(() => {
      if (url && element.confirm) window.open(url, "_blank", "noopener,noreferrer");
      if (!busy) surface.press(block, element);
    });
  const looks = `button ${element.style ?? ""} ${busy ? "busy" : ""} ${element.icon ? "icon-button" : ""}`;
  const name = element.accessibility_label;
  const face = element.icon === "trash" ? html`<${Icon} name="trash" />` : html`<span>${plainOf(element.text)}</span>`;
  if (url && !element.confirm)
    return html`<a class=${looks} href=${url} target="_blank" rel="noopener noreferrer" aria-label=${name} onClick=${press}>${face}</a>`;
  return html`<button type="button" class=${looks} aria-busy=${busy} aria-label=${name ?? (element.icon ? plainOf(element.text) : undefined)}
      onClick=${press}>${face}</button>${question}`;
}

/** The two thumbs of an answer by a machine. */
export function FeedbackButtons({ block, element, surface }) {
  return [["positive_button", "👍"], ["negative_button", "👎"]].map(
    ([part, face]) => html`<button type="button" class="button icon-button" aria-label=${plainOf(element[part].text)}
      title=${plainOf(element[part].text)} onClick=${() => surface.press(block, element)}>${face}</button>`,
  );
}

/** A menu of a few further acts. */
export function Overflow({ block, element, surface }) {
  const [ask, question] = useConfirm(element.confirm, surface.desk);
  return html`<${PopoverButton} label="More options" className="button icon-button" face=${html`<${Icon} name="more" />`} end=${true}>
      ${(close) =>
        element.options.map((option) => {
          const choose = () => {
            close();
            if (/^https?:/i.test(option.url ?? "")) window.open(option.url, "_blank", "noopener,noreferrer");
            ask(() => surface.choose(block, element, option));
          };
          return html`<button type="button" role="menuitem" tabindex="-1" onClick=${choose}>${plainOf(option.text)}
            ${option.description && html`<small>${plainOf(option.description)}</small>`}</button>`;
        })}
    <//>${question}`;
}
