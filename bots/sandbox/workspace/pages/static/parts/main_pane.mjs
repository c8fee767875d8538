// The middle of the window: a channel, or the app's conversation and Home tab; and the thread at its side.
import { html } from "foundation/html.mjs";
import { Blocks } from "../blocks/blocks.mjs";
import { addressOf } from "../place.mjs";
import { Surface } from "../surface.mjs";
import { Avatar } from "./avatar.mjs";
import { Composer } from "./composer.mjs";
import { Icon } from "./icons.mjs";
import { Messages } from "./messages.mjs";
import { Notice } from "./notice.mjs";

/** Draw the open channel or Home tab. */
export function MainPane({ desk }) {
  const { channel, conversation, place, app } = desk;
  if (!channel || !conversation) return html`<main class="main empty"><p class="quiet">Choose a channel.</p></main>`;
  const direct = channel.kind === "im";
  const name = direct ? app.name : channel.name || "conversation";
  const home = direct && place.tab === "home";
  return html`<main class="main" aria-label=${direct ? name : `#${name}`}>
    <h1 class="visually-hidden phone-only">${desk.overview.team.name}</h1>
    <header class="pane-head">
      <a class="icon-button back" href=${addressOf({ person: place.person })} aria-label="Back to the channels"><${Icon} name="back" /></a>
      <h2>${direct ? html`<${Avatar} isApp=${true} size="small" />` : html`<span class="sign" aria-hidden="true">#</span>`}${name}</h2>
      ${!direct && html`<span class="members" title=${channel.members.map((id) => desk.nameOf(id)).join(", ")}>${channel.members.slice(0, 3).map((id) => html`<${Avatar} id=${id} name=${desk.nameOf(id)} isApp=${id === app.bot_user} size="tiny" />`)}<span>${channel.members.length}<span class="visually-hidden"> members</span></span></span>`}
      ${channel.topic && html`<p class="topic">${channel.topic}</p>`}
    </header>
    ${direct && html`<${Tabs} desk=${desk} home=${home} />`}
    ${home ? html`<${Home} desk=${desk} />` : html`
      <${Messages} key=${`${place.person} ${channel.id}`} conversation=${conversation} channel=${channel} desk=${desk} newFrom=${desk.unreadFrom}
        label=${`Messages in ${direct ? name : `#${name}`}`} before=${conversation.loaded && html`<${Beginning} channel=${channel} name=${name} direct=${direct} />`} />
      <${Composer} key=${`composer ${place.person} ${channel.id}`} desk=${desk} channel=${channel} />`}
  </main>`;
}

function Beginning({ channel, name, direct }) {
  return html`<div class="beginning"><strong>${direct ? name : `# ${name}`}</strong>
    <p class="quiet">${direct ? `This is the conversation between you and ${name}.` : `This is the beginning of #${name}.`} ${channel.purpose ?? ""}</p></div>`;
}

function Tabs({ desk, home }) {
  const tab = (words, icon, chosen, target) => html`<a href=${addressOf({ ...desk.place, tab: target, thread: "" })} aria-current=${chosen ? "page" : undefined}><${Icon} name=${icon} />${words}</a>`;
  return html`<nav class="tabs" aria-label="App">${tab("Home", "house", home, "home")}${tab("Messages", "talk", !home, "")}</nav>`;
}

function Home({ desk }) {
  const view = desk.home;
  if (!view) return html`<div class="home empty" tabindex="0" role="region" aria-label="Home"><p class="quiet">${view === null ? `${desk.app.name} has nothing to show here yet.` : "Opening…"}</p></div>`;
  const surface = new Surface({ desk, kind: "home", id: view.id, blocks: view.blocks });
  return html`<div class="home" tabindex="0" role="region" aria-label="Home"><div class="home-inner">
    <${Notice} desk=${desk} at=${surface.key} />
    <${Blocks} blocks=${view.blocks} surface=${surface} />
  </div></div>`;
}

/** Draw the open thread at the side. */
export function ThreadPane({ desk }) {
  const { thread, channel, place } = desk;
  if (!thread || !channel) return null;
  const close = addressOf({ ...place, thread: "" });
  return html`<aside class="thread" aria-label="Thread">
    <h1 class="visually-hidden phone-only">${desk.overview.team.name}</h1>
    <header class="pane-head">
      <a class="icon-button back" href=${close} aria-label="Back to the channel"><${Icon} name="back" /></a>
      <h2>Thread</h2><span class="quiet">${channel.name ? `#${channel.name}` : desk.app.name}</span>
      <a class="icon-button shut" href=${close} aria-label="Close thread"><${Icon} name="close" /></a>
    </header>
    <${Messages} key=${`${place.person} ${thread.thread}`} conversation=${thread} channel=${channel} desk=${desk} label="Messages in the thread" inThread=${true} />
    <${Composer} key=${`composer ${place.person} ${thread.thread}`} desk=${desk} channel=${channel} thread=${thread.thread} />
  </aside>`;
}
