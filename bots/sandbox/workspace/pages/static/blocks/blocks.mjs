// Draws the blocks of a message, a dialog or a Home tab.
import { html } from "foundation/html.mjs";
import { Element } from "../elements/element.mjs";
import { Icon } from "../parts/icons.mjs";
import { Markdown } from "../words/markdown.mjs";
import { plainOf, TextObject } from "../words/inline.mjs";
import { Card, Carousel, Container, Plan, TaskCard } from "./cards.mjs";
import { InputBlock } from "./input.mjs";
import { FileCard, ImageBlock, Picture, VideoBlock } from "./media.mjs";
import { RichText } from "./rich_text.mjs";
import { ChartBlock, TableBlock } from "./tables.mjs";

const KINDS = {
  section: Section, header: Header, divider: () => html`<hr />`, context: Context, actions: Actions, context_actions: Actions,
  image: ImageBlock, input: InputBlock, rich_text: RichText, markdown: ({ block }) => html`<${Markdown} text=${block.text} />`,
  table: TableBlock, data_table: TableBlock, data_visualization: ChartBlock, video: VideoBlock, alert: Alert,
  file: ({ block }) => html`<${FileCard} file=${{ title: `File ${block.external_id ?? ""}`.trim(), filetype: block.source }} />`,
  card: Card, carousel: Carousel, container: Container, task_card: TaskCard, plan: Plan,
};

/** Draw blocks in order. `errors` are sentences by block_id. */
export function Blocks({ blocks, surface, errors, onEdit }) {
  const { desk } = surface;
  return html`<div class="blocks">
    ${blocks.map((block) => {
      const Kind = KINDS[block.type];
      if (!Kind) return html`<div key=${block.block_id} class="unknown">A block of the kind “${block.type}”</div>`;
      return html`<div key=${`${block.block_id} ${block.type}`} class=${`block is-${block.type}`}>
        <${Kind} block=${block} surface=${surface} desk=${desk} error=${errors?.[block.block_id]} onEdit=${onEdit} draw=${Blocks} />
      </div>`;
    })}
  </div>`;
}

function Section({ block, surface, desk }) {
  const { accessory } = block;
  const name = plainOf(block.text).replace(/[*_~`]/g, "").split("\n")[0].slice(0, 80);
  return html`<div class="section-body">
      ${block.text && html`<div class="section-text"><${TextObject} text=${block.text} desk=${desk} /></div>`}
      ${block.fields && html`<div class="section-fields">${block.fields.map((field) => html`<div><${TextObject} text=${field} desk=${desk} /></div>`)}</div>`}
    </div>
    ${accessory && html`<div class="accessory" key=${accessory.action_id}>${accessory.type === "image"
      ? html`<${Picture} image=${accessory} kind="thumbnail" />`
      : html`<${Element} block=${block} element=${accessory} surface=${surface} label=${plainOf(accessory.placeholder) || name} />`}</div>`}`;
}

function Header({ block }) {
  return html`<h3 class=${`headline level-${block.level ?? 1}`}>${plainOf(block.text)}</h3>`;
}

function Context({ block, desk }) {
  return block.elements.map((element) =>
    element.type === "image"
      ? html`<${Picture} image=${element} kind="tiny" />`
      : html`<span class="context-text"><${TextObject} text=${element} desk=${desk} /></span>`,
  );
}

function Actions({ block, surface }) {
  return block.elements.map(
    (element) => html`<${Element} key=${`${element.action_id} ${element.type}`} block=${block} element=${element} surface=${surface} />`,
  );
}

function Alert({ block, desk }) {
  return html`<div class=${`alert ${block.level ?? "default"}`}><${Icon} name="warning" /><div><${TextObject} text=${block.text} desk=${desk} /></div></div>`;
}
