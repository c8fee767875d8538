// How accounts look: avatar, name line, the badge of an official brand.
import { html } from "foundation/html.mjs";
import { address } from "./place.mjs";
import { followers } from "./words.mjs";

/** A round sign with the initials. */
export function Avatar({ account, small }) {
  return html`<span class=${`avatar ${account.kind}${small ? " small" : ""}`} style=${{ background: account.avatar.colour }}
    aria-hidden="true">${account.avatar.initials}</span>`;
}

/** What tells a brand's own account from everybody who only bears its name. */
export function Official({ account }) {
  if (account.kind !== "brand") return null;
  return html`<span class="official" title=${`${account.name}'s own account, checked by Piazza`}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 7 8 2l6 5zM3.500 8h2v5h-2zM7 8h2v5H7zM10.500 8h2v5h-2zM2 13.500h12v1H2z" /></svg>
    Official
  </span>`;
}

/** Name, badge, handle and followers on one line. */
export function NameLine({ account, children }) {
  return html`<div class="name-line">
    <a class="name" href=${address({ view: "timeline", account: account.handle })}><bdi>${account.name}</bdi></a>
    <${Official} account=${account} />
    <span class="quiet">@${account.handle} · ${followers(account.followers)}</span>
    ${children}
  </div>`;
}
