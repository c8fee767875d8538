// Draws rich_text blocks: sections, quotations, code, and lists nested by their indent.
import { html } from "foundation/html.mjs";
import { Inline, Part } from "../words/inline.mjs";

const NUMBERING = ["decimal", "lower-alpha", "lower-roman"];
const BULLETS = ["disc", "circle", "square"];

/** Draw a rich_text block or value. */
export function RichText({ block, desk }) {
  const drawn = [];
  let lists = [];
  const flush = () => {
    if (lists.length) drawn.push(nested(lists, lists[0].indent ?? 0, desk));
    lists = [];
  };
  for (const part of block.elements ?? []) {
    if (part.type === "rich_text_list") lists.push(part);
    else {
      flush();
      drawn.push(html`<${Part} part=${part} desk=${desk} />`);
    }
  }
  flush();
  return html`<div class="rich-text">${drawn}</div>`;
}

/** Draw neighbouring lists; a deeper one stands in the last item of the one before it. */
function nested(lists, indent, desk) {
  const groups = [];
  for (const list of lists) {
    const depth = list.indent ?? 0;
    if (depth > indent && groups.length) groups.at(-1).inner.push(list);
    else groups.push({ list, inner: [] });
  }
  return groups.map(({ list, inner }) => {
    const depth = list.indent ?? 0;
    const items = list.elements.map((item, index) => {
      const last = index === list.elements.length - 1 && inner.length;
      return html`<li>
        <${Inline} elements=${item.elements} desk=${desk} />
        ${last ? nested(inner, inner[0].indent ?? 0, desk) : null}
      </li>`;
    });
    const ordered = list.style === "ordered";
    const style = { listStyleType: (ordered ? NUMBERING : BULLETS)[depth % 3] };
    return html`<${ordered ? "ol" : "ul"} start=${ordered ? (list.offset ?? 0) + 1 : undefined} style=${style}>${items}<//>`;
  });
}
