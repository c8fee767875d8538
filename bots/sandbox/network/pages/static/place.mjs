// Where one is, kept in the address: #person=ada&view=messages&post=p5, so that links and reloads lead back there.
const VIEWS = ["timeline", "messages", "notifications"];
const NAMES = ["person", "view", "post", "account"];
const listeners = new Set();
let visits = 0;

/** Return the present place; `visit` grows with every move, also to the same place. */
export function place() {
  const words = new URLSearchParams(location.hash.slice(1));
  const here = Object.fromEntries(NAMES.map((name) => [name, words.get(name)]));
  return { ...here, view: VIEWS.includes(here.view) ? here.view : "timeline", visit: visits };
}

/** Return the address of another place: `changes` over the present one; a view or person left is left whole. */
export function address(changes) {
  const here = place();
  const next = { person: here.person, view: here.view, ...changes };
  const words = NAMES.filter((name) => next[name]).map((name) => [name, next[name]]);
  return `#${new URLSearchParams(words)}`;
}

/** Go to another place. */
export function go(changes) {
  const next = address(changes);
  if (next === location.hash) moved();
  else location.hash = next;
}

/** Take another place without a step in the browser's history. */
export function settle(changes) {
  history.replaceState(null, "", address({ ...place(), ...changes }));
  moved();
}

/** Call `listener` after every move; returns how to stop. */
export function watchPlace(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function moved() {
  visits += 1;
  for (const listener of listeners) listener();
}

window.addEventListener("hashchange", moved);
