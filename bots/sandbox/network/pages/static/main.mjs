// Piazza, a small social network in a browser, on which one may be any of its people.
import { useEffect, useMemo, useReducer } from "preact/hooks";
import { html, render } from "foundation/html.mjs";
import { followTheme } from "foundation/theme.mjs";
import { createActs } from "./acts.mjs";
import { ask } from "./api.mjs";
import { Head } from "./frame.mjs";
import { Messages } from "./messages.mjs";
import { Notifications } from "./notifications.mjs";
import { place, settle, watchPlace } from "./place.mjs";
import { createStore } from "./store.mjs";
import { followStream } from "./stream.mjs";
import { Timeline } from "./timeline.mjs";
import { Toasts } from "./toasts.mjs";
import { firstName } from "./words.mjs";

const VIEWS = { timeline: Timeline, messages: Messages, notifications: Notifications };
const TITLES = { timeline: "Piazza", messages: "Messages · Piazza", notifications: "Notifications · Piazza" };

function Piazza({ store, acts }) {
  const [, draw] = useReducer((count) => count + 1, 0);
  const { state } = store;
  const here = place();
  useEffect(() => {
    const stops = [store.subscribe(draw), watchPlace(draw)];
    return () => stops.forEach((stop) => stop());
  }, []);
  useEffect(() => {
    if (here.person && here.person !== state.person) store.load(here.person);
  }, [here.person]);
  useEffect(() => {
    if (state.loaded && here.post && state.person === here.person) lookAt(here.post, store, acts);
  }, [state.person, here.post, here.visit, state.loaded]);
  const unread = state.accounts.get(state.person)?.unread ?? 0;
  useEffect(() => {
    document.title = (unread ? `(${unread}) ` : "") + TITLES[here.view];
  }, [unread, here.view]);
  // Accounts change with every notification; posts need only their names, which do not.
  state.names = useMemo(() => state.accounts, [state.person, state.accounts.size]);

  if (!state.loaded) return html`<main class="column"><h1>Piazza</h1><p class="empty" role="status">${state.problem || "One moment …"}</p></main>`;
  const View = VIEWS[here.view];
  return html`<div class="piazza">
    <${Head} state=${state} here=${here} />
    <main class="column" key=${state.person} aria-label=${`Piazza, as ${firstName(state.accounts.get(state.person))}`}>
      ${(!state.live || state.problem) && html`<p class="note" role="status">${state.problem || "Piazza is away for the moment; this page comes back by itself."}</p>`}
      <${View} state=${state} acts=${acts} here=${here} />
    </main>
    <${Toasts} store=${store} acts=${acts} />
  </div>`;
}

/** Bring a post before the reader's eyes; say so where it is not to be had. */
async function lookAt(id, store, acts) {
  const known = store.state.posts.has(id) || (await acts.fetchThread(id));
  if (!known) {
    const name = firstName(store.state.accounts.get(store.state.person));
    store.toast({ text: `This post is not here: it never was, or it is not for ${name} to read.` });
    return;
  }
  requestAnimationFrame(() => {
    const shown = document.getElementById(`post-${id}`);
    shown?.scrollIntoView({ block: "center" });
    shown?.focus({ preventScroll: true });
  });
}

/** Make sure that the page is somebody: whom the address names, else the first person. */
async function beSomebody() {
  const { accounts } = await ask("GET", "/people");
  const named = accounts.find((one) => one.handle === place().person);
  const person = named ?? accounts.find((one) => one.kind === "person") ?? accounts[0];
  if (person.handle !== place().person) settle({ person: person.handle });
  return person.handle;
}

/** Lay the page out in one column where it is narrow, and always in the pane of another page. */
function followWidth() {
  const { classList } = document.documentElement;
  const embedded = new URLSearchParams(location.search).has("embedded");
  const narrow = matchMedia("(max-width: 54rem)");
  const lay = () => classList.toggle("narrow", embedded || narrow.matches);
  classList.toggle("embedded", embedded);
  narrow.addEventListener("change", lay);
  lay();
}

function start() {
  followTheme();
  followWidth();
  const store = createStore();
  followStream({
    onOpen: async () => {
      store.setLive(true);
      await store.load(await beSomebody().catch(() => place().person ?? ""));
    },
    onEvent: store.take,
    onLost: () => store.setLive(false),
  });
  const root = document.getElementById("piazza");
  root.replaceChildren();
  render(html`<${Piazza} store=${store} acts=${createActs(store)} />`, root);
}

start();
