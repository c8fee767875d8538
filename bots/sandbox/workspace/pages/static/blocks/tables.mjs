// Draws table, data_table and data_visualization blocks as tables that scroll sideways.
import { html } from "foundation/html.mjs";
import { RichText } from "./rich_text.mjs";

function Cell({ cell, setting, header, desk }) {
  const style = { textAlign: setting?.align ?? (cell.type === "raw_number" ? "right" : undefined), whiteSpace: setting && !setting.is_wrapped ? "nowrap" : undefined };
  const shown = cell.type === "rich_text" ? html`<${RichText} block=${cell} desk=${desk} />` : (cell.text ?? String(cell.value ?? ""));
  return html`<${header ? "th" : "td"} scope=${header ? "col" : undefined} style=${style}>${shown}<//>`;
}

/** Draw a table; its first row is the heading. */
export function TableBlock({ block, desk }) {
  const [head, ...rows] = block.rows;
  const row = (cells, header) =>
    html`<tr>
      ${cells.map((cell, index) => html`<${Cell} cell=${cell} setting=${block.column_settings?.[index]} header=${header} desk=${desk} />`)}
    </tr>`;
  return html`<div class="table" tabindex="0" role="group" aria-label=${block.caption ?? "Table"}>
    <table>
      ${block.caption && html`<caption>${block.caption}</caption>`}
      <thead>${row(head, true)}</thead>
      <tbody>${rows.map((cells) => row(cells, false))}</tbody>
    </table>
  </div>`;
}

/** Draw the figures of a chart in words: one bar for each value. */
export function ChartBlock({ block }) {
  const { chart } = block;
  const series = chart.type === "pie" ? [{ name: block.title, data: chart.segments }] : chart.series;
  const values = series.flatMap((one) => (one.data ?? []).map((point) => ({ ...point, series: one.name ?? one.label ?? "" })));
  const most = Math.max(1, ...values.map((one) => Number(one.value) || 0));
  return html`<figure class="chart">
    <figcaption>${block.title}</figcaption>
    <dl>
      ${values.map(
        (one) => html`<div>
          <dt>${[series.length > 1 && one.series, one.label ?? one.name ?? one.x].filter(Boolean).join(" · ")}</dt>
          <dd>
            <span class="bar" style=${{ inlineSize: `${(100 * (Number(one.value) || 0)) / most}%` }}></span>${one.value}
          </dd>
        </div>`,
      )}
    </dl>
  </figure>`;
}
