// A post's text: line ends as written, mentions and addresses as links, everything else as plain text.
import { html } from "foundation/html.mjs";
import { address } from "./place.mjs";

const PIECES = /(https?:\/\/[^\s<>"]+)|(?<![\w@/])@([A-Za-z0-9_]{1,30})\b/gu;

/** Show a text. */
export function Text({ text, accounts }) {
  return html`<p class="text" dir="auto">${pieces(text, accounts)}</p>`;
}

function pieces(text, accounts) {
  const found = [];
  let end = 0;
  for (const match of text.matchAll(PIECES)) {
    const piece = match[1] ? outside(match[1]) : mention(match[2], accounts);
    if (!piece) continue;
    found.push(text.slice(end, match.index), piece.link);
    end = match.index + piece.length;
  }
  found.push(text.slice(end));
  return found;
}

function mention(handle, accounts) {
  const account = accounts.get(handle.toLowerCase());
  if (!account) return null;
  const link = html`<a href=${address({ view: "timeline", account: account.handle })}>@${handle}</a>`;
  return { link, length: handle.length + 1 };
}

function outside(found) {
  const target = found.replace(/[.,;:!?)\]'’”]+$/u, "");
  const link = html`<a href=${target} target="_blank" rel="noopener noreferrer">${target}</a>`;
  return { link, length: target.length };
}
