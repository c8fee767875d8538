// What people have typed and not sent, for each person and place, kept while the window is open.
const PREFIX = "workspace-draft ";
const entered = new Map();

/** Read a draft of a message. */
export const draftOf = (key) => sessionStorage.getItem(PREFIX + key) ?? "";

/** Keep a draft of a message. */
export function keepDraft(key, text) {
  if (text) sessionStorage.setItem(PREFIX + key, text);
  else sessionStorage.removeItem(PREFIX + key);
}

/** Answer what was entered into the fields of a card, a dialog or a Home tab: `block_id/action_id` to value. */
export function enteredAt(key) {
  if (!entered.has(key)) entered.set(key, new Map());
  return entered.get(key);
}

/** Forget what was entered there. */
export const forget = (key) => entered.delete(key);

const CHANNEL = "workspace-channel ";

/** Answer in which channel a person was last. */
export const keptChannel = (person) => sessionStorage.getItem(CHANNEL + person) ?? "";

/** Keep in which channel a person is. */
export const keepChannel = (person, channel) => sessionStorage.setItem(CHANNEL + person, channel);
