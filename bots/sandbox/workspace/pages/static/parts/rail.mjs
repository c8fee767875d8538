// The side of the window: the workspace, whose eyes one looks through, channels and direct messages.
import { html } from "foundation/html.mjs";
import { useState } from "preact/hooks";
import { shownTheme, toggleTheme } from "foundation/theme.mjs";
import { addressOf } from "../place.mjs";
import { Avatar } from "./avatar.mjs";
import { Icon } from "./icons.mjs";

/** Draw the side of the window. */
export function Rail({ desk }) {
  const { channels, app, team } = desk.overview;
  const mine = channels.filter((one) => one.member && ["channel", "group"].includes(one.kind));
  const others = channels.filter((one) => !one.member && one.kind === "channel" && !one.archived);
  const direct = channels.filter((one) => ["im", "mpim"].includes(one.kind));
  return html`<nav class="rail" aria-label="Workspace">
    <button type="button" class="skip" onClick=${toComposer}>Go to the message field</button>
    <header class="rail-head"><h1>${team.name}</h1><${Theme} /></header>
    <${People} desk=${desk} />
    <div class="rail-lists">
      <${Section} title="Channels" rows=${mine} desk=${desk} />
      <${Section} title="Apps" rows=${direct} desk=${desk} name=${(one) => (one.kind === "im" ? app.name : one.members.filter((id) => id !== desk.place.person).map((id) => desk.nameOf(id)).join(", "))} />
      ${others.length > 0 && html`<${Section} title="Other channels" rows=${others} desk=${desk} />`}
    </div>
  </nav>`;
}

/** Leap over the lists, for those who go by keyboard. */
function toComposer() {
  document.querySelector(".thread textarea, .main textarea, .home")?.focus();
}

function Theme() {
  const [theme, setTheme] = useState(shownTheme);
  const turn = () => {
    toggleTheme();
    setTheme(shownTheme());
  };
  const next = theme === "dark" ? "light" : "dark";
  return html`<button type="button" class="rail-button" aria-label=${`Switch to the ${next} theme`} title=${`Switch to the ${next} theme`} onClick=${turn}>
    <${Icon} name=${theme === "dark" ? "sun" : "moon"} />
  </button>`;
}

function People({ desk }) {
  const { person, place } = desk;
  return html`<section class="switcher" aria-label="Who you are">
    <div class="switcher-row" role="group" aria-label="Switch person">
      ${desk.overview.people.map((one) => {
        const chosen = one.id === place.person;
        const words = [one.name, one.title].filter(Boolean).join(", ") + (chosen ? " (you)" : one.unread ? `, ${one.unread} unread` : "");
        return html`<a key=${one.id} class=${chosen ? "chosen" : ""} href=${addressOf(seenBy(one, desk))}
          aria-label=${words} title=${words} aria-current=${chosen ? "true" : undefined}>
          <${Avatar} id=${one.id} name=${one.name} />
          ${one.unread > 0 && !chosen && html`<span class="dot" aria-hidden="true"></span>`}
        </a>`;
      })}
    </div>
    <div class="self"><strong>${person?.name}</strong>${person?.title && html`<span>${person.title}</span>`}</div>
  </section>`;
}

/** Answer where another person would be: in the same channel if it is theirs too, else where they were last. */
function seenBy(person, { place, channel }) {
  const theirs = channel && (channel.kind === "im" || channel.members.includes(person.id));
  return { person: person.id, channel: theirs ? place.channel : "", tab: theirs ? place.tab : "" };
}

function Section({ title, rows, desk, name }) {
  return html`<section aria-label=${title}>
    <h2>${title}</h2>
    <ul>${rows.map((one) => html`<${Row} key=${one.id} channel=${one} desk=${desk} name=${name} />`)}</ul>
  </section>`;
}

function Row({ channel, desk, name }) {
  const { place, app } = desk;
  const shown = name ? name(channel) : channel.name;
  const open = channel.id === place.channel;
  const marks = [open && "open", channel.unread > 0 && "unread", channel.archived && "archived"].filter(Boolean).join(" ");
  const tab = channel.kind === "im" && !channel.unread ? "home" : "";
  return html`<li>
    <a class=${`row ${marks}`} href=${addressOf({ person: place.person, channel: channel.id, tab: open ? place.tab : tab })}
      aria-current=${open ? "page" : undefined}>
      ${channel.kind === "im" ? html`<${Avatar} id=${app.bot_user} name=${app.name} isApp=${true} size="small" />` : html`<span class="sign" aria-hidden="true">#</span>`}
      <span class="row-name">${shown}</span>
      ${channel.unread > 0 && html`<span class=${`count ${channel.mentions ? "calls" : ""}`}>${channel.unread}<span class="visually-hidden"> unread</span></span>`}
    </a>
  </li>`;
}
