// Draws inline parts of rich text: words with styles, links, people, channels, dates. Text nodes only.
import { html } from "foundation/html.mjs";
import { dateBy } from "./dates.mjs";
import { emojiOf, withEmoji } from "./emoji.mjs";
import { parts } from "./mrkdwn.mjs";

const SAFE = /^(https?:|mailto:)/i;
const COLOUR = /^#[0-9a-f]{6}$/i;

/** Draw a link if it leads somewhere safe, else only its words. */
export function Link({ url, children }) {
  if (!SAFE.test(url ?? "")) return children;
  return html`<a href=${url} target="_blank" rel="noopener noreferrer">${children}</a>`;
}

/** Draw inline elements; `desk` knows names and the time. */
export function Inline({ elements, desk }) {
  return elements.map((element) => dressed(bare(element, desk), element.style));
}

function dressed(drawn, style) {
  if (!style) return drawn;
  let shown = drawn;
  if (style.code) shown = html`<code>${shown}</code>`;
  if (style.strike) shown = html`<s>${shown}</s>`;
  if (style.underline) shown = html`<u>${shown}</u>`;
  if (style.italic) shown = html`<em>${shown}</em>`;
  if (style.bold) shown = html`<strong>${shown}</strong>`;
  return style.highlight || style.client_highlight ? html`<mark>${shown}</mark>` : shown;
}

function bare(element, desk) {
  switch (element.type) {
    case "text":
      return element.text;
    case "link":
      return html`<${Link} url=${element.url}>${withEmoji(element.text || shortened(element.url))}<//>`;
    case "emoji":
      return html`<${Emoji} element=${element} />`;
    case "user":
      return html`<${Mention} id=${element.user_id} label=${element.label} sign="@" desk=${desk} />`;
    case "usergroup":
      return html`<${Mention} id=${element.usergroup_id} label=${element.label} sign="@" desk=${desk} />`;
    case "team":
      return html`<span class="mention">@${desk.overview?.team.name ?? element.team_id}</span>`;
    case "channel":
      return html`<${ChannelLink} element=${element} desk=${desk} />`;
    case "broadcast":
      return html`<span class="mention me">@${element.range}</span>`;
    case "color":
      return html`<span class="colour">
        ${COLOUR.test(element.value) && html`<span class="swatch" style=${{ background: element.value }}></span>`}${element.value}
      </span>`;
    case "date":
      return html`<${When} element=${element} desk=${desk} />`;
    default:
      return element.text ?? element.fallback ?? "";
  }
}

const shortened = (url) => (url ?? "").replace(/^mailto:/, "");

function Emoji({ element }) {
  const character = emojiOf(element);
  const name = `:${element.name}:`;
  return character ? html`<span class="emoji" role="img" aria-label=${name} title=${name}>${character}</span>` : name;
}

function Mention({ id, label, sign, desk }) {
  const name = desk.nameOf(id) || label.replace?.(/^@/, "") || id;
  return html`<span class=${`mention ${id === desk.place.person ? "me" : ""}`}>${sign}${name}</span>`;
}

function ChannelLink({ element, desk }) {
  const name = desk.nameOf(element.channel_id) || element.label || "private channel";
  if (!desk.channelNamed(element.channel_id)) return html`<span class="mention">#${name}</span>`;
  const address = `#${new URLSearchParams({ person: desk.place.person, channel: element.channel_id })}`;
  return html`<a class="mention" href=${address}>#${name}</a>`;
}

function When({ element, desk }) {
  const zone = desk.person?.timezone ?? "UTC";
  const words = Number.isFinite(element.timestamp)
    ? dateBy(element.format, element.timestamp, zone, desk.now)
    : (element.fallback ?? "");
  return html`<${Link} url=${element.url}>${words}<//>`;
}

/** Draw one part of rich text that is not a list. */
export function Part({ part, desk }) {
  const inner = html`<${Inline} elements=${part.elements} desk=${desk} />`;
  if (part.type === "rich_text_preformatted") return html`<pre tabindex="0"><code>${inner}</code></pre>`;
  if (part.type === "rich_text_quote") return html`<blockquote>${inner}</blockquote>`;
  return html`<div class="section">${inner}</div>`;
}

/** Draw text in the markup of chats. */
export function Mrkdwn({ text, verbatim, desk }) {
  return parts(text, { verbatim }).map((part) => html`<${Part} part=${part} desk=${desk} />`);
}

/** Draw a text object: plain text or markup. */
export function TextObject({ text, desk }) {
  if (!text) return null;
  if (text.type === "mrkdwn") return html`<${Mrkdwn} text=${text.text} verbatim=${text.verbatim} desk=${desk} />`;
  return plainOf(text);
}

/** Answer the words of a plain text object. */
export const plainOf = (text) => (text ? (text.emoji === false ? text.text : withEmoji(text.text)) : "");
