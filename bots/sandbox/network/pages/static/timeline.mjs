// The public timeline: a box to write in, and the threads, newest first.
import { html } from "foundation/html.mjs";
import { Composer } from "./composer.mjs";
import { takesPart, threads } from "./conversations.mjs";
import { Avatar, NameLine } from "./people.mjs";
import { address } from "./place.mjs";
import { Post } from "./post.mjs";
import { firstName } from "./words.mjs";

/** The timeline, or with `here.account` what one account wrote. */
export function Timeline({ state, acts, here }) {
  const person = state.accounts.get(state.person);
  const account = here.account ? state.accounts.get(here.account.toLowerCase()) : null;
  const all = threads(state.posts);
  const shown = account ? all.filter((node) => takesPart(node, account.handle)) : all;
  return html`
    ${account
      ? html`<${AccountHead} account=${account} />`
      : html`<h2 class="visually-hidden">Timeline</h2>
        <div class="card write"><${Avatar} account=${person} /><${Composer} label="Write a post" send="Post" limit=${state.limit}
          placeholder=${`What is on your mind, ${firstName(person)}?`} draftKey=${`post:${state.person}`} pictures
          mention=${firstBrand(state)} onSend=${(text, media) => acts.write({ text, media })} /></div>`}
    ${shown.length === 0 && html`<p class="empty">${account ? `${account.name} has written nothing in public.`
      : "Nobody has written anything yet. Write the first post: mention the brand and it will hear of you."}</p>`}
    <ol class="threads">${shown.map((node) => html`<li class="card thread" key=${node.post.id}>
      <${Branch} node=${node} state=${state} acts=${acts} here=${here} />
    </li>`)}</ol>`;
}

function Branch({ node, state, acts, here }) {
  const { post, replies } = node;
  return html`
    <${Post} post=${post} parent=${state.posts.get(post.in_reply_to)} replies=${standing(replies)} person=${state.person} accounts=${state.names}
      limit=${state.limit} acts=${acts} arrived=${state.arrived.has(post.id)} focused=${here.post === post.id} />
    ${replies.length > 0 && html`<ol class="replies" aria-label=${`Replies to ${post.author.name}`}>
      ${replies.map((one) => html`<li key=${one.post.id}><${Branch} node=${one} state=${state} acts=${acts} here=${here} /></li>`)}
    </ol>`}`;
}

function standing(replies) {
  return replies.filter((one) => !one.post.deleted_at).length;
}

function AccountHead({ account }) {
  return html`<div class="card account-head">
    <${Avatar} account=${account} />
    <div><h2>${account.name}</h2><${NameLine} account=${account} /></div>
    <a href=${address({ view: "timeline" })}>Back to the timeline</a>
  </div>`;
}

function firstBrand(state) {
  return [...state.accounts.values()].find((one) => one.kind === "brand" && one.handle !== state.person)?.handle;
}
