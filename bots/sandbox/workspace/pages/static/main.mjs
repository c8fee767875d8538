// The page: draws what the desk knows, once for all changes of a moment.
import { html, render } from "foundation/html.mjs";
import { followTheme } from "foundation/theme.mjs";
import { Desk } from "./desk.mjs";
import { Dialog } from "./parts/dialog.mjs";
import { MainPane, ThreadPane } from "./parts/main_pane.mjs";
import { Notice } from "./parts/notice.mjs";
import { Rail } from "./parts/rail.mjs";
import { followPermalinks } from "./permalinks.mjs";
import { learnEmoji } from "./words/emoji.mjs";

const root = document.getElementById("workspace");
let planned = false;
const desk = new Desk(() => {
  if (planned) return;
  planned = true;
  queueMicrotask(() => {
    planned = false;
    draw();
  });
});

function draw() {
  const { overview, place, view, trouble } = desk;
  const page = place.thread ? "thread" : place.channel ? "channel" : "list";
  root.dataset.page = page;
  document.title = titleOf();
  if (!overview) return render(html`<p class="loading" role="status">${trouble || "Opening the workspace…"}</p>`, root);
  return render(
    html`
      ${trouble && html`<div class="trouble" role="alert">${trouble}</div>`}
      <${Rail} desk=${desk} />
      <${MainPane} desk=${desk} />
      <${ThreadPane} desk=${desk} />
      <div class="window-notice"><${Notice} desk=${desk} at="window" /></div>
      <div class="visually-hidden" aria-live="polite">${desk.said}</div>
      ${view && html`<${Dialog} key=${view.root_view_id} desk=${desk} view=${view} />`}
    `,
    root,
  );
}

function titleOf() {
  const { overview, channel, person } = desk;
  if (!overview) return "Workspace";
  const unread = overview.channels.reduce((sum, one) => sum + one.unread, 0);
  const here = channel ? (channel.name ? `#${channel.name}` : overview.app.name) : "Channels";
  return `${unread ? `(${unread}) ` : ""}${here} · ${person?.name ?? ""} · ${overview.team.name}`;
}

followTheme();
if (new URLSearchParams(location.search).has("embedded")) document.documentElement.dataset.embedded = "";
draw();
desk.start();
followPermalinks(desk);
// Until the list is read, and without it, names stand in place of emoji.
learnEmoji().then(() => {
  desk.knowsEmoji = true;
  draw();
}, () => undefined);
