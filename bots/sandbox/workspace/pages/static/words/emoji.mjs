// Emoji by the names that chats use. The list is read once, in the background.
const LIST = new URL("../../vendor/emojibase-shortcodes-iamcal-17.0.0.json", import.meta.url);
const TONES = ["", "", "🏻", "🏼", "🏽", "🏾", "🏿"];
const characters = new Map([["+1", "👍"], ["-1", "👎"], ["thumbsup", "👍"], ["thumbsdown", "👎"]]);

/** What one finds at once when reacting. */
export const USUAL = [
  "white_check_mark", "eyes", "raised_hands", "+1", "heart", "tada", "pray", "joy", "thinking_face", "wave",
  "rocket", "fire", "clap", "100", "bulb", "warning", "question", "x", "hourglass_flowing_sand", "slightly_smiling_face",
  "cry", "rotating_light", "memo", "coffee",
];

/** Read the list; resolves when every name is known. */
export async function learnEmoji() {
  const listed = await (await fetch(LIST)).json();
  for (const [code, names] of Object.entries(listed)) {
    const points = code.split("-").map((one) => parseInt(one, 16));
    if (points.length === 1 && points[0] < 0x1f000) points.push(0xfe0f); // shown as a picture, not as a letter
    const character = String.fromCodePoint(...points);
    for (const name of [names].flat()) if (!characters.has(name)) characters.set(name, character);
  }
}

/** Answer the character of a name such as `wave` or `wave::skin-tone-3`, or null. */
export function emojiNamed(name) {
  const [plain, tone] = name.split("::skin-tone-");
  const known = characters.get(plain);
  return known ? known + (TONES[Number(tone ?? 0)] ?? "") : null;
}

/** Answer the character of an emoji element of rich text. */
export function emojiOf(element) {
  if (element.unicode) {
    const code = element.unicode.split("-").map((one) => parseInt(one, 16));
    if (code.every((one) => one > 0 && one < 0x110000)) return String.fromCodePoint(...code);
  }
  return emojiNamed(element.name + (element.skin_tone ? `::skin-tone-${element.skin_tone}` : ""));
}

/** Put characters in place of the names between colons. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+'-]+(?:::skin-tone-[2-6])?):/g, (whole, name) => emojiNamed(name) ?? whole);
}

/** Find names that begin with, or hold, what was typed. */
export function emojiLike(typed, most = 8) {
  const names = [...characters.keys()];
  const first = names.filter((name) => name.startsWith(typed));
  return [...first, ...names.filter((name) => !name.startsWith(typed) && name.includes(typed))].slice(0, most);
}
