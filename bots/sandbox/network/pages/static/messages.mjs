// Private messages: one conversation with each brand or person, as bubbles.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { Composer } from "./composer.mjs";
import { correspondence, otherSide } from "./conversations.mjs";
import { Confirm, History } from "./dialogs.mjs";
import { memo } from "./memo.mjs";
import { number } from "./notifications.mjs";
import { Avatar, NameLine } from "./people.mjs";
import { go } from "./place.mjs";
import { ParentLink, Pictures } from "./post.mjs";
import { Text } from "./rich_text.mjs";
import { longMoment, shortMoment } from "./words.mjs";

/** The private messages of a person; `here.account` or the message in `here.post` says with whom. */
export function Messages({ state, acts, here }) {
  const all = correspondence(state);
  const named = state.posts.get(here.post);
  const wanted = here.account ?? (named?.visibility === "private" ? otherSide(named, state.person) : null);
  const chosen = all.has(wanted) ? wanted : all.keys().next().value;
  if (!chosen) return html`<h2 class="visually-hidden">Messages</h2><p class="empty">There is nobody to write to.</p>`;
  return html`<section class="card chat" aria-labelledby="chat-title">
    <h2 class="visually-hidden" id="chat-title">Messages with ${state.accounts.get(chosen).name}</h2>
    ${all.size > 1 && html`<nav class="chips" aria-label="Conversations">${[...all.keys()].map((handle) => html`
      <button key=${handle} class="light" aria-pressed=${handle === chosen ? "true" : "false"}
        onClick=${() => go({ account: handle })}>${state.accounts.get(handle).name}</button>`)}</nav>`}
    <${Chat} key=${chosen} other=${state.accounts.get(chosen)} messages=${all.get(chosen)} state=${state} acts=${acts} here=${here} />
  </section>`;
}

function Chat({ other, messages, state, acts, here }) {
  const end = useRef();
  useEffect(() => {
    if (!here.post) end.current.scrollIntoView({ block: "nearest" });
  }, [messages.length]);
  const news = state.notifications.filter((one) => number(one) > state.seen);
  useEffect(() => {
    if (news.length > 0 && news.every((one) => one.kind === "message")) acts.see(news[0]); // they are before one's eyes
  }, [news.length]);
  const theirs = messages.filter((one) => one.author.handle === other.handle && !one.deleted_at).at(-1);
  return html`
    <div class="chat-head"><${Avatar} account=${other} /><${NameLine} account=${other} /></div>
    <p class="quiet private-note">Only you and ${other.name} can read this.</p>
    ${messages.length === 0 && html`<p class="empty">No messages yet. Write to ${other.name} what is not for everybody.</p>`}
    <ol class="bubbles">${messages.map((post, place) => html`
      <${Message} key=${post.id} post=${post} parent=${quoted(post, messages[place - 1], state)} person=${state.person}
        accounts=${state.names} limit=${state.limit} acts=${acts} arrived=${state.arrived.has(post.id)} focused=${here.post === post.id} />`)}
    </ol>
    <div ref=${end}></div>
    <${Composer} label=${`Message to ${other.name}`} placeholder=${`Message to ${other.name} …`} send="Send" limit=${state.limit} byEnter
      draftKey=${`message:${state.person}:${other.handle}`}
      onSend=${(text) => acts.write({ text, visibility: "private", to: other.handle, in_reply_to: theirs?.id ?? null })} />`;
}

/** Return what a message answers, where that is not simply the message above it. */
function quoted(post, above, state) {
  const parent = state.posts.get(post.in_reply_to);
  return parent && parent !== above ? parent : null;
}

const Message = memo(({ post, parent, person, accounts, limit, acts, arrived, focused }) => {
  const [open, setOpen] = useState(null);
  const close = () => setOpen(null);
  const own = post.author.handle === person;
  const marks = `bubble ${own ? "own" : "theirs"}${arrived ? " arrived" : ""}${focused ? " focused" : ""}`;
  return html`<li class=${marks}><article id=${`post-${post.id}`} tabindex="-1" aria-label=${`Message from ${post.author.name}`}>
    <span class="visually-hidden">${own ? "You" : post.author.name}: </span>
    ${parent && html`<${ParentLink} parent=${parent} />`}
    ${post.deleted_at && html`<p class="gone">Deleted by its author.</p>`}
    ${!post.deleted_at && open !== "edit" && html`<${Text} text=${post.text} accounts=${accounts} /><${Pictures} media=${post.media} />`}
    ${open === "edit" && html`<${Composer} label="Change your message" send="Save" limit=${limit} text=${post.text} focus
      draftKey=${`edit:${post.id}`} onCancel=${close} onSend=${async (text) => { await acts.edit(post.id, text); close(); }} />`}
    <p class="when"><time dateTime=${post.at} title=${longMoment(post.at)}>${shortMoment(post.at)}</time>
      ${post.edited_at && !post.deleted_at && html` · <button class="inline" onClick=${() => setOpen("history")}>edited</button>`}
      ${own && !post.deleted_at && html` · <button class="inline" onClick=${() => setOpen("edit")}>Edit</button>
        · <button class="inline" onClick=${() => setOpen("remove")}>Delete</button>`}
    </p>
    ${open === "history" && html`<${History} read=${() => acts.history(post.id)} onClose=${close} />`}
    ${open === "remove" && html`<${Confirm} title="Delete this message?" yes="Delete" onClose=${close}
      onYes=${() => acts.remove(post.id)} text="Its text goes for good, for both of you." />`}
  </article></li>`;
});
