// What was begun and not sent, per person and place; it outlives a reload of the tab.
const PREFIX = "piazza-draft:";

/** Return a draft, or nothing. */
export function draft(key) {
  return sessionStorage.getItem(PREFIX + key) ?? "";
}

/** Keep a draft; an empty one is forgotten. */
export function keepDraft(key, text) {
  if (text) sessionStorage.setItem(PREFIX + key, text);
  else sessionStorage.removeItem(PREFIX + key);
}
