// Draws the larger blocks that hold others: cards, carousels, containers, tasks and plans.
import { html } from "foundation/html.mjs";
import { Element } from "../elements/element.mjs";
import { Link, plainOf, TextObject } from "../words/inline.mjs";
import { Picture } from "./media.mjs";
import { RichText } from "./rich_text.mjs";

const STATES = { pending: "to do", in_progress: "under way", complete: "done", error: "failed" };
const SIGNS = { pending: "○", in_progress: "◔", complete: "✓", error: "!" };

/** Draw a card. */
export function Card({ block, surface, desk }) {
  return html`<div class="card">
    ${block.hero_image && html`<${Picture} image=${block.hero_image} />`}
    <div class="card-head">
      ${block.icon && html`<${Picture} image=${block.icon} kind="tiny" />`}
      <div>
        ${block.title && html`<strong><${TextObject} text=${block.title} desk=${desk} /></strong>`}
        ${block.subtitle && html`<div class="quiet"><${TextObject} text=${block.subtitle} desk=${desk} /></div>`}
      </div>
    </div>
    ${block.body && html`<div><${TextObject} text=${block.body} desk=${desk} /></div>`}
    ${block.actions && html`<div class="card-acts">${block.actions.map((element) => html`<${Element} key=${element.action_id} block=${block} element=${element} surface=${surface} />`)}</div>`}
  </div>`;
}

/** Draw cards side by side. */
export function Carousel({ block, surface, desk }) {
  return html`<div class="carousel" tabindex="0" role="group" aria-label="Cards">
    ${block.elements.map((card) => html`<${Card} key=${card.block_id} block=${card} surface=${surface} desk=${desk} />`)}
  </div>`;
}

/** Draw a container of blocks, which may fold. */
export function Container({ block, surface, desk, draw: Blocks }) {
  const head = html`${block.icon && html`<${Picture} image=${block.icon} kind="tiny" />`}
    <strong>${block.title ? plainOf(block.title) : html`<${RichText} block=${block.rich_text_title} desk=${desk} />`}</strong>
    ${block.subtitle && html`<span class="quiet"><${TextObject} text=${block.subtitle} desk=${desk} /></span>`}`;
  const inner = html`<${Blocks} blocks=${block.child_blocks} surface=${surface} />`;
  if (block.is_collapsible) return html`<details class="card" open=${!block.default_collapsed}><summary>${head}</summary>${inner}</details>`;
  return html`<div class="card"><div class="card-head">${head}</div>${inner}</div>`;
}

/** Draw a task with its state. */
export function TaskCard({ block, desk }) {
  return html`<div class=${`task ${block.status}`}>
    <span class="task-sign" aria-hidden="true">${SIGNS[block.status]}</span>
    <div>
      <strong>${block.title}</strong> <span class="quiet">${STATES[block.status]}</span>
      ${block.details && html`<${RichText} block=${block.details} desk=${desk} />`}
      ${block.output && html`<${RichText} block=${block.output} desk=${desk} />`}
      ${block.sources?.length ? html`<div class="quiet">${block.sources.map((one) => html`<${Link} url=${one.url}>${one.text}<//> `)}</div>` : null}
    </div>
  </div>`;
}

/** Draw a plan of tasks. */
export function Plan({ block, desk }) {
  return html`<div class="card">
    <strong>${block.title}</strong>
    ${(block.tasks ?? []).map((task) => html`<${TaskCard} key=${task.task_id} block=${task} desk=${desk} />`)}
  </div>`;
}
