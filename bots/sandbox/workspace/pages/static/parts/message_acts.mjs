// The small bar over a message: react, reply, and the menu with everything else.
import { html } from "foundation/html.mjs";
import { useState } from "preact/hooks";
import { addressOf } from "../place.mjs";
import { emojiNamed, USUAL } from "../words/emoji.mjs";
import { asTyped } from "../words/mrkdwn.mjs";
import { Icon } from "./icons.mjs";
import { PopoverButton } from "./popover.mjs";
import { react, ReactionPicker } from "./reactions.mjs";
import { Question } from "./window.mjs";

/** Draw the bar. */
export function MessageActs({ message, channel, desk, inThread, onEdit }) {
  const [deleting, setDeleting] = useState(false);
  const at = `${desk.place.person} message ${channel.id}:${message.ts}`;
  const where = { channel: channel.id, ts: message.ts };
  const remove = () => {
    setDeleting(false);
    desk.act("delete", where, { at });
  };
  return html`<div class="acts" role="toolbar" aria-label="Message actions">
    <${ReactionPicker} message=${message} channel=${channel} desk=${desk} className="icon-button" />
    ${!inThread && html`<a class="icon-button" href=${threadOf({ message, desk })} aria-label="Reply in thread" title="Reply in thread"><${Icon} name="reply" /></a>`}
    <${PopoverButton} label="More actions" title="More actions" className="icon-button" end=${true} face=${html`<${Icon} name="more" />`}>
      ${(close) => html`<${Menu} message=${message} channel=${channel} desk=${desk} inThread=${inThread} close=${close} onEdit=${onEdit} onDelete=${() => setDeleting(true)} at=${at} />`}
    <//>
    ${deleting && html`<${Question} title="Delete message" text="This message will be gone for everybody." yes="Delete" no="Cancel" danger=${true} onYes=${remove} onNo=${() => setDeleting(false)} />`}
  </div>`;
}

const threadOf = ({ message, desk }) => addressOf({ ...desk.place, thread: message.thread_ts ?? message.ts });

function Menu({ message, channel, desk, inThread, close, onEdit, onDelete, at }) {
  const mine = message.user === desk.place.person;
  const then = (act) => () => {
    close();
    act();
  };
  const copy = () => navigator.clipboard?.writeText(asTyped(message.text, (id) => desk.nameOf(id)).text);
  const use = (shortcut) => () =>
    desk.act("shortcut", { callback_id: shortcut.callback_id, channel: channel.id, message_ts: message.ts }, { at });
  const item = (icon, words, act, extra = {}) => html`<button type="button" role="menuitem" tabindex="-1" onClick=${then(act)} ...${extra}><${Icon} name=${icon} />${words}</button>`;
  const quick = USUAL.slice(0, 6).map((name) => html`<button key=${name} type="button" role="menuitem" tabindex="-1" aria-label=${`React with :${name}:`} title=${`:${name}:`}
    onClick=${then(() => react({ desk, channel, message, name }))}>${emojiNamed(name)}</button>`);
  return html`
    <div class="quick" role="group" aria-label="Reactions">${quick}</div>
    ${!inThread && html`<a role="menuitem" tabindex="-1" href=${threadOf({ message, desk })} onClick=${close}><${Icon} name="reply" />Reply in thread</a>`}
    <hr />
    ${desk.app.message_shortcuts.map((one) => item("bolt", html`<span>${one.name}</span><small aria-hidden="true" data-words=${desk.app.name}></small>`, use(one), { "aria-label": one.name }))}
    ${desk.app.message_shortcuts.length > 0 && html`<hr />`}
    ${item("copy", "Copy text", copy)}
    ${mine && item("pencil", "Edit message", onEdit)}
    ${mine && item("trash", "Delete message…", onDelete, { class: "danger" })}
  `;
}
