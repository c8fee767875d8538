// What to offer for the word that is being typed.
import { emojiLike, emojiNamed } from "../words/emoji.mjs";

const MOST = 8;

/** Answer `{from, to, choices}` for the word before the caret, or null. */
export function suggested(text, caret, desk) {
  const to = caret < 0 ? text.length : caret;
  const before = text.slice(0, to);
  const word = /(^|\s)([/@#:])([^\s]*)$/.exec(before);
  if (!word || caret < 0) return null;
  const [, , sign, typed] = word;
  const from = to - typed.length - 1;
  const choices = OFFERS[sign]({ typed: typed.toLowerCase(), from, desk });
  return choices && { from, to, choices: choices.slice(0, MOST) };
}

const OFFERS = {
  "/": ({ typed, from, desk }) =>
    from > 0
      ? null
      : [
          ...desk.app.commands.map(({ name, hint }) => ({ shown: name, insert: `${name} `, hint: hint || desk.app.name })),
          ...desk.app.global_shortcuts.map(({ name, callback_id: id }) => ({ shown: name, insert: "", hint: `Shortcut of ${desk.app.name}`, shortcut: id })),
        ].filter((one) => one.shown.toLowerCase().includes(typed)),
  "@": ({ typed, desk }) => {
    const people = desk.overview.people.map((one) => ({ id: one.id, name: one.name, hint: one.title }));
    const groups = desk.overview.usergroups.map((one) => ({ id: one.id, name: one.handle, hint: "Group" }));
    const app = { id: desk.app.bot_user, name: desk.app.name, hint: "App" };
    return [...people, ...groups, app]
      .filter((one) => one.name.toLowerCase().includes(typed))
      .map((one) => ({ shown: `@${one.name}`, word: `@${one.name}`, insert: `@${one.name} `, id: one.id, hint: one.hint }));
  },
  "#": ({ typed, desk }) =>
    desk.overview.channels
      .filter((one) => one.name && one.kind !== "mpim" && one.name.includes(typed))
      .map((one) => ({ shown: `#${one.name}`, word: `#${one.name}`, insert: `#${one.name} `, id: one.id, hint: one.topic })),
  ":": ({ typed }) =>
    typed.length < 2 && typed !== ""
      ? null
      : emojiLike(typed).map((name) => ({ shown: `${emojiNamed(name)} :${name}:`, insert: `${emojiNamed(name)} ` })),
};
