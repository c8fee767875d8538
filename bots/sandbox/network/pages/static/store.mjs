// What the page knows: filled in one reading, then kept up to date by the stream.
import { ask } from "./api.mjs";
import { isTold } from "./words.mjs";

const SHOWN_AS_NEW = 6_000; // milliseconds that a post which arrives is marked
const TOAST = 12_000; // milliseconds that a sentence stands at the edge of the page
const TOASTS = 3;

/** Create the page's memory. `state` is read only for everybody else; listeners are called after every change. */
export function createStore() {
  const state = {
    person: null, loaded: false, live: false, problem: "", limit: 500, seen: 0,
    accounts: new Map(), posts: new Map(), notifications: [], arrived: new Set(), toasts: [],
  };
  const listeners = new Set();
  let waiting = null; // events that came while a reading was under way
  let reading = 0;
  let toastNumber = 0;

  const changed = () => listeners.forEach((listener) => listener());
  const readable = (post) => post.visibility === "public" || [post.author.handle, post.to].includes(state.person);

  /** Read everything that `person` sees; without one (or with one who is not here) what the first person sees. */
  async function load(person) {
    const mine = (reading += 1);
    waiting = [];
    try {
      const seen = await ask("GET", `/people/${encodeURIComponent(person)}/page`);
      if (mine !== reading) return;
      const other = state.person !== person;
      Object.assign(state, {
        person, loaded: true, problem: "", limit: seen.max_characters, seen: seen.seen,
        accounts: new Map(seen.accounts.map((one) => [one.handle, one])),
        posts: new Map(seen.posts.map((one) => [one.id, one])),
        notifications: seen.notifications.filter(isTold),
      });
      if (other) state.arrived = new Set();
    } catch (refusal) {
      if (mine === reading) state.problem = refusal.message;
    }
    const late = mine === reading ? waiting ?? [] : [];
    if (mine === reading) waiting = null;
    late.forEach(apply);
    changed();
  }

  /** Take one event of the stream. */
  function take(event) {
    if (waiting !== null) waiting.push(event);
    else if (state.loaded) apply(event) !== false && changed();
  }

  function apply(event) {
    if (event.kind === "notification") return notified(event);
    if (event.kind === "seen") return unread(event.account, event.unread, event.seen);
    if (!readable(event.post)) return false;
    put(event.post);
    if (event.kind === "post" && event.by !== state.person) arrived(event.post.id);
    return true;
  }

  function put(post) {
    state.posts.set(post.id, post);
  }

  function arrived(id) {
    state.arrived.add(id);
    setTimeout(() => state.arrived.delete(id) && changed(), SHOWN_AS_NEW);
  }

  function notified({ account, notification, unread: count }) {
    unread(account, count);
    const known = state.accounts.get(account);
    if (!isTold(notification) || known?.kind !== "person") return true;
    const mine = account === state.person;
    if (mine) state.notifications = [notification, ...state.notifications];
    if (mine || state.accounts.get(notification.by)?.kind === "brand") toast({ account, notification });
    return true;
  }

  function unread(handle, count, seen = 0) {
    const known = state.accounts.get(handle);
    if (known) state.accounts.set(handle, { ...known, unread: count });
    if (handle === state.person) state.seen = Math.max(state.seen, seen);
    return true;
  }

  /** Show a sentence for a while: `{text}` or `{account, notification}`. */
  function toast(row) {
    const id = (toastNumber += 1);
    state.toasts = [...state.toasts, { ...row, id }].slice(-TOASTS);
    setTimeout(() => dismiss(id), TOAST);
    changed();
  }

  /** Take a sentence away. */
  function dismiss(id) {
    const left = state.toasts.filter((one) => one.id !== id);
    if (left.length === state.toasts.length) return;
    state.toasts = left;
    changed();
  }

  /** Add posts that were read apart. */
  function add(posts) {
    posts.filter(readable).forEach(put);
    changed();
  }

  /** Note whether the stream runs. */
  function setLive(live) {
    if (state.live === live) return;
    state.live = live;
    changed();
  }

  /** Call `listener` after every change; returns how to stop. */
  function subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return { state, load, take, toast, dismiss, add, setLive, subscribe };
}
