// Sentences at the edge of the page: what just happened, to this person or to another one.
import { html } from "foundation/html.mjs";
import { Icon } from "./icons.mjs";
import { go } from "./place.mjs";
import { beginning, firstName, whatHappened, whatHappenedTo } from "./words.mjs";

/** The sentences that stand now; screen readers are told each. */
export function Toasts({ store, acts }) {
  const { state } = store;
  return html`<div class="toasts" role="status" aria-live="polite">${state.toasts.map((one) => html`
    <div class="toast" key=${one.id}>
      ${one.text ? html`<span class="toast-text">${one.text}</span>` : html`<${Happening} toast=${one} state=${state} acts=${acts} onGone=${() => store.dismiss(one.id)} />`}
      <button class="light" aria-label="Dismiss" onClick=${() => store.dismiss(one.id)}><${Icon} name="close" /></button>
    </div>`)}</div>`;
}

function Happening({ toast, state, acts, onGone }) {
  const { account, notification } = toast;
  const by = state.accounts.get(notification.by);
  const mine = account === state.person;
  const owner = state.accounts.get(account);
  const said = mine ? whatHappened(notification) : whatHappenedTo(notification, firstName(owner));
  const view = notification.post.visibility === "private" ? "messages" : "timeline";
  const show = () => {
    onGone();
    acts.see(notification, account);
    go({ person: account, view, post: notification.post.id });
  };
  return html`<span class="toast-text"><strong>${by.name}</strong> ${said}
      ${notification.post.text && html`<span class="quiet line">“${beginning(notification.post.text, 70)}”</span>`}</span>
    <button class="light" onClick=${show}>${mine ? "Show" : `Show as ${firstName(owner)}`}</button>`;
}
