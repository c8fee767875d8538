// One public post, with what can be done to it.
import { useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { Composer } from "./composer.mjs";
import { Confirm, History } from "./dialogs.mjs";
import { Icon } from "./icons.mjs";
import { memo } from "./memo.mjs";
import { Avatar, NameLine } from "./people.mjs";
import { address } from "./place.mjs";
import { Text } from "./rich_text.mjs";
import { beginning, longMoment, shortMoment } from "./words.mjs";
import { hiddenFrom } from "./conversations.mjs";

/** `parent` is the post that this one answers; `replies` how many answer this one; `accounts` all accounts; `acts` what a person can do. */
export const Post = memo(({ post, parent, replies, person, accounts, limit, acts, arrived, focused }) => {
  const [open, setOpen] = useState(null); // "reply", "edit", "history", "remove"
  const [shown, setShown] = useState(false);
  const close = () => setOpen(null);
  const marks = `post${arrived ? " arrived" : ""}${focused ? " focused" : ""}${post.author.kind === "brand" ? " by-brand" : ""}`;
  const place = { class: marks, id: `post-${post.id}`, tabIndex: -1 };

  if (post.deleted_at) {
    return html`<article ...${place} aria-label=${`Deleted post by ${post.author.name}`}>
      <p class="gone">Deleted by its author, ${post.author.name}. <time dateTime=${post.deleted_at}>${shortMoment(post.deleted_at)}</time></p>
    </article>`;
  }
  if (hiddenFrom(post, person) && !shown) {
    return html`<article ...${place} aria-label=${`Hidden reply by ${post.author.name}`}>
      <p class="gone">A reply hidden by ${names(post.hidden_by, accounts)}. <button class="inline" onClick=${() => setShown(true)}>Show it</button></p>
    </article>`;
  }
  return html`<article ...${place} aria-label=${`${parent ? "Reply" : "Post"} by ${post.author.name}`}>
    ${post.reposted_by.length > 0 && html`<p class="reposted"><${Icon} name="repost" /> Reposted by ${names(post.reposted_by, accounts)}</p>`}
    <div class="post-body">
      <${Avatar} account=${post.author} small=${Boolean(parent)} />
      <div class="post-content">
        <${NameLine} account=${post.author} />
        <p class="when">
          <a href=${address({ view: "timeline", post: post.id })} title=${longMoment(post.at)}><time dateTime=${post.at}>${shortMoment(post.at)}</time></a>
          ${post.edited_at && html` · <button class="inline" onClick=${() => setOpen("history")}>edited</button>`}
          ${post.hidden && html` · hidden from others by ${names(post.hidden_by, accounts)}`}
        </p>
        ${parent && html`<${ParentLink} parent=${parent} />`}
        ${open === "edit"
          ? html`<${Composer} label="Change your post" send="Save" limit=${limit} text=${post.text} focus
              draftKey=${`edit:${post.id}`} onCancel=${close}
              onSend=${async (text) => { await acts.edit(post.id, text); close(); }} />`
          : html`<${Text} text=${post.text} accounts=${accounts} /><${Pictures} media=${post.media} />`}
        <${PostButtons} post=${post} replies=${replies} person=${person} acts=${acts} open=${open} setOpen=${setOpen} />
        ${open === "reply" && html`<${Composer} label=${`Reply to ${post.author.name}`} placeholder=${`Reply to ${post.author.name} …`}
          send="Reply" limit=${limit} focus draftKey=${`reply:${person}:${post.id}`} onCancel=${close}
          onSend=${async (text) => { await acts.write({ text, in_reply_to: post.id }); close(); }} />`}
      </div>
    </div>
    ${open === "history" && html`<${History} read=${() => acts.history(post.id)} onClose=${close} />`}
    ${open === "remove" && html`<${Confirm} title="Delete this post?" yes="Delete" onClose=${close} onYes=${() => acts.remove(post.id)}
      text="Its text goes for good. Replies to it stay." />`}
  </article>`;
});

/** Link from a reply back to what it answers, with its first words. */
export function ParentLink({ parent }) {
  const said = parent.deleted_at ? "a deleted post" : `“${beginning(parent.text)}”`;
  return html`<a class="parent" href=${address({ view: parent.visibility === "private" ? "messages" : "timeline", post: parent.id })}>
    <span aria-hidden="true">↩</span> <span>In reply to ${parent.author.name}: ${said}</span></a>`;
}

/** Pictures by their description: what lies elsewhere is not fetched, so that the page works offline. */
export function Pictures({ media }) {
  return media.map((one) => html`<figure class="picture">
    <span class="drawing" aria-hidden="true"><${Icon} name="picture" /></span>
    <figcaption><span class="visually-hidden">Picture: </span>${one.alt}</figcaption>
  </figure>`);
}

function PostButtons({ post, replies, person, acts, open, setOpen }) {
  const own = post.author.handle === person;
  const toggle = (what) => setOpen(open === what ? null : what);
  return html`<div class="post-buttons">
    <button class="light" onClick=${() => toggle("reply")} aria-expanded=${open === "reply" ? "true" : "false"}>
      <${Icon} name="reply" /><span>Reply</span>${replies > 0 && html` <span class="number">(${replies})</span>`}</button>
    <${MarkButton} word="Like" icon="like" by=${post.liked_by} person=${person} onClick=${() => acts.like(post)} />
    <${MarkButton} word="Repost" icon="repost" by=${post.reposted_by} person=${person} onClick=${() => acts.repost(post)} />
    ${own && html`<button class="light own-act" onClick=${() => toggle("edit")}><${Icon} name="edit" /><span>Edit</span></button>
      <button class="light own-act" onClick=${() => setOpen("remove")}><${Icon} name="remove" /><span>Delete</span></button>`}
  </div>`;
}

function MarkButton({ word, icon, by, person, onClick }) {
  return html`<button class=${`light ${icon}`} aria-pressed=${by.includes(person) ? "true" : "false"} onClick=${onClick}>
    <${Icon} name=${icon} /><span>${word}</span>${by.length > 0 && html` <span class="number">(${by.length})</span>`}</button>`;
}

function names(handles, accounts) {
  return handles.map((handle) => accounts.get(handle)?.name ?? `@${handle}`).join(", ");
}
