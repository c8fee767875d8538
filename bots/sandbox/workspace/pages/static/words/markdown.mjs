// Draws standard Markdown (the markdown block) from the tokens of the library marked, without any HTML of the writer's.
import { marked } from "marked";
import { html } from "foundation/html.mjs";
import { withEmoji } from "./emoji.mjs";
import { Link } from "./inline.mjs";

const read = (text) => withEmoji(text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, "&"));

/** Draw a text in Markdown. */
export function Markdown({ text }) {
  return html`<div class="markdown">${all(marked.lexer(text))}</div>`;
}

const all = (tokens) => (tokens ?? []).map(one);
const inner = (token) => (token.tokens ? all(token.tokens) : read(token.text ?? ""));

function one(token) {
  switch (token.type) {
    case "space":
    case "def":
      return null;
    case "paragraph":
      return html`<p>${inner(token)}</p>`;
    case "heading":
      return html`<p class=${`heading level-${token.depth}`} role="heading" aria-level=${Math.min(token.depth + 2, 6)}>
        ${inner(token)}
      </p>`;
    case "strong":
      return html`<strong>${inner(token)}</strong>`;
    case "em":
      return html`<em>${inner(token)}</em>`;
    case "del":
      return html`<s>${inner(token)}</s>`;
    case "codespan":
      return html`<code>${token.text}</code>`;
    case "code":
      return html`<pre tabindex="0"><code>${token.text}</code></pre>`;
    case "blockquote":
      return html`<blockquote>${all(token.tokens)}</blockquote>`;
    case "hr":
      return html`<hr />`;
    case "br":
      return html`<br />`;
    case "link":
      return html`<${Link} url=${token.href}>${inner(token)}<//>`;
    case "image":
      return html`<${Link} url=${token.href}>${token.text || token.href}<//>`;
    case "list":
      return list(token);
    case "table":
      return table(token);
    case "escape":
    case "text":
      return inner(token);
    default:
      return token.raw ?? "";
  }
}

function list(token) {
  const items = token.items.map(
    (item) => html`<li class=${item.task ? "task" : ""}>${item.task ? (item.checked ? "☑ " : "☐ ") : ""}${all(item.tokens.filter((inside) => inside.type !== "checkbox"))}</li>`,
  );
  return token.ordered ? html`<ol start=${token.start || 1}>${items}</ol>` : html`<ul>${items}</ul>`;
}

function table(token) {
  const cell = (tag) => (given, index) => html`<${tag} style=${{ textAlign: token.align[index] }}>${all(given.tokens)}<//>`;
  return html`<div class="table" tabindex="0" role="group" aria-label="Table">
    <table>
      <thead><tr>${token.header.map(cell("th"))}</tr></thead>
      <tbody>${token.rows.map((row) => html`<tr>${row.map(cell("td"))}</tr>`)}</tbody>
    </table>
  </div>`;
}
