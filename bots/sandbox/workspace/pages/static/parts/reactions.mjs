// Emoji under a message.
import { html } from "foundation/html.mjs";
import { emojiNamed, USUAL } from "../words/emoji.mjs";
import { Icon } from "./icons.mjs";
import { PopoverButton } from "./popover.mjs";

/** Put an emoji under a message, or take it back. */
export function react({ desk, channel, message, name }) {
  const mine = (message.reactions ?? []).some((one) => one.name === name && one.users.includes(desk.place.person));
  return desk.act("react", { channel: channel.id, ts: message.ts, name, remove: mine });
}

/** Draw the emoji under a message. */
export function Reactions({ message, channel, desk }) {
  if (!message.reactions?.length) return null;
  return html`<div class="reactions" role="group" aria-label="Reactions">
    ${message.reactions.map(({ name, users, count }) => {
      const mine = users.includes(desk.place.person);
      const who = users.map((id) => (id === desk.place.person ? "you" : desk.nameOf(id) || id)).join(", ");
      return html`<button key=${name} type="button" class="reaction" aria-pressed=${mine} aria-label=${`${count} :${name}: from ${who}`} title=${`:${name}: ${who}`}
        onClick=${() => react({ desk, channel, message, name })}><span class="emoji">${emojiNamed(name) ?? `:${name}:`}</span>${count}</button>`;
    })}
    <${ReactionPicker} message=${message} channel=${channel} desk=${desk} className="reaction add" />
  </div>`;
}

/** A button that offers the usual emoji. */
export function ReactionPicker({ message, channel, desk, className }) {
  return html`<${PopoverButton} label="Add reaction" title="Add reaction" className=${className} role="dialog" end=${true} face=${html`<${Icon} name="smile" />`}>
    ${(close) => html`<div class="emoji-grid">${USUAL.map((name) => html`<button type="button" aria-label=${`:${name}:`} title=${`:${name}:`}
      onClick=${() => { close(); react({ desk, channel, message, name }); }}>${emojiNamed(name) ?? name}</button>`)}</div>`}
  <//>`;
}
