// What stands around every view: the name, the ways to the views, and who one is.
import { useLayoutEffect, useRef } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { toggleTheme } from "foundation/theme.mjs";
import { Icon, Mark } from "./icons.mjs";
import { number } from "./notifications.mjs";
import { Avatar } from "./people.mjs";
import { address, go } from "./place.mjs";
import { followers } from "./words.mjs";

const VIEWS = [["timeline", "Timeline"], ["messages", "Messages"], ["notifications", "Notifications"]];

/** The head of the page. */
export function Head({ state, here }) {
  const unread = { notifications: state.accounts.get(state.person)?.unread ?? 0, messages: newMessages(state) };
  return html`<header class="head" aria-label="Piazza">
    <div class="brand-row">
      <${Mark} /><h1>Piazza</h1>
      <button class="light theme-button" onClick=${toggleTheme} aria-label="Light or dark"><${Icon} name="theme" /></button>
    </div>
    <${Switcher} state=${state} here=${here} />
    <nav class="views" aria-label="Views">${VIEWS.map(([view, label]) => html`
      <a key=${view} href=${address({ view })} aria-current=${here.view === view ? "page" : undefined}>
        <${Icon} name=${view} /><span>${label}</span><${Badge} count=${unread[view] ?? 0} />
      </a>`)}</nav>
  </header>`;
}

function Switcher({ state, here }) {
  const people = [...state.accounts.values()].filter((one) => one.kind === "person");
  const list = useRef(null);
  useLayoutEffect(() => showChosen(list.current), [state.person]);
  return html`<section class="switcher" aria-label="Who you are on Piazza">
    <h2>You are</h2>
    <ul ref=${list}>${people.map((one) => html`<li key=${one.handle}>
      <button aria-pressed=${one.handle === state.person ? "true" : "false"}
        onClick=${() => go({ person: one.handle, view: here.view })}>
        <${Avatar} account=${one} />
        <span class="who"><span class="name">${one.name}</span> <span class="quiet">${followers(one.followers)}</span></span>
        <${Badge} count=${one.unread} />
      </button>
    </li>`)}</ul>
  </section>`;
}

/** Scroll a row of people, where it is too long for its place, to the one who is chosen; the page stays where it is. */
function showChosen(list) {
  const chosen = list.querySelector("[aria-pressed=true]")?.getBoundingClientRect();
  const seen = list.getBoundingClientRect();
  if (chosen && chosen.right > seen.right) list.scrollLeft += chosen.right - seen.right;
  else if (chosen && chosen.left < seen.left) list.scrollLeft -= seen.left - chosen.left;
}

function Badge({ count }) {
  return count > 0 && html`<span class="badge">${count}<span class="visually-hidden"> new</span></span>`;
}

function newMessages(state) {
  return state.notifications.filter((one) => one.kind === "message" && number(one) > state.seen).length;
}
