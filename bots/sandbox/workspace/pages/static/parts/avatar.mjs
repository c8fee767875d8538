// The square that stands for a person or the app: initials on a colour of their own, or the app's mark.
import { html } from "foundation/html.mjs";

const COLOURS = ["#2f6f8f", "#7a4f9e", "#a3473c", "#3f7449", "#8a5a14", "#9c3d74", "#4a5aa8", "#5c6a2d"];

function colourOf(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.codePointAt(0)) % 997;
  return COLOURS[sum % COLOURS.length];
}

/** Draw the square of a person or, with `isApp`, of the app. It is decoration: the name stands beside it. */
export function Avatar({ id, name, isApp, size = "" }) {
  if (isApp)
    return html`<span class=${`avatar app ${size}`} aria-hidden="true">
      <svg viewBox="0 0 20 20"><path d="M3.500 8.500v3h2l5 3.500v-10l-5 3.500zM13 7.200c1.600 1.500 1.600 4.100 0 5.600M15 5c3 2.700 3 7.300 0 10" /></svg>
    </span>`;
  const initials = name.split(/\s+/).map((word) => word[0] ?? "").slice(0, 2).join("").toUpperCase();
  return html`<span class=${`avatar ${size}`} style=${{ background: colourOf(id) }} data-initials=${initials || "?"} aria-hidden="true"></span>`;
}
