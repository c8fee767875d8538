// What happened to the person, newest first; looking at it takes the badge away.
import { useEffect, useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { Avatar } from "./people.mjs";
import { address } from "./place.mjs";
import { beginning, longMoment, shortMoment, whatHappened } from "./words.mjs";

/** The list; what was new when it was opened stays marked until one leaves it. */
export function Notifications({ state, acts }) {
  const [before] = useState(state.seen);
  const newest = state.notifications[0];
  useEffect(() => {
    if (newest && number(newest) > state.seen) acts.see(newest);
  }, [newest?.id]);
  return html`<section class="card" aria-labelledby="notifications-title">
    <h2 id="notifications-title">Notifications</h2>
    ${state.notifications.length === 0 && html`<p class="empty">Nothing has happened to you yet.</p>`}
    <ol class="told">${state.notifications.map((one) => html`<li key=${one.id} class=${number(one) > before ? "new" : ""}>
      <${Row} told=${one} state=${state} isNew=${number(one) > before} />
    </li>`)}</ol>
  </section>`;
}

function Row({ told, state, isNew }) {
  const by = state.accounts.get(told.by);
  const private_ = told.post.visibility === "private";
  return html`<a href=${address({ view: private_ ? "messages" : "timeline", post: told.post.id })}>
    <${Avatar} account=${by} small />
    <span>
      ${isNew && html`<span class="visually-hidden">New: </span>`}
      <strong>${by.name}</strong> ${whatHappened(told)}
      <time class="quiet" dateTime=${told.at} title=${longMoment(told.at)}> ${shortMoment(told.at)}</time>
      ${told.post.text && html`<span class="quiet line">“${beginning(told.post.text, 120)}”</span>`}
    </span>
  </a>`;
}

/** Return the number in a notification's id, which grows. */
export function number(notification) {
  return Number(notification.id.slice(1));
}
