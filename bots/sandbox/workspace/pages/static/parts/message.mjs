// One message: who, when, what, what people made of it, and what one can do with it.
import { html } from "foundation/html.mjs";
import { Component } from "preact";
import { Blocks } from "../blocks/blocks.mjs";
import { FileCard } from "../blocks/media.mjs";
import { addressOf } from "../place.mjs";
import { Surface } from "../surface.mjs";
import { ago, momentOf, timeOf } from "../words/dates.mjs";
import { Mrkdwn } from "../words/inline.mjs";
import { Avatar } from "./avatar.mjs";
import { Icon } from "./icons.mjs";
import { MessageActs } from "./message_acts.mjs";
import { MessageEditor } from "./message_editor.mjs";
import { Notice } from "./notice.mjs";
import { Reactions } from "./reactions.mjs";

/** A message; drawn again only when it, or something about it, changed. */
export class Message extends Component {
  constructor(props) {
    super(props);
    this.state = { editing: false };
  }

  shouldComponentUpdate(next, state) {
    const now = this.props;
    const key = this.surfaceKey();
    const notice = next.desk.notices.get(key) ?? "";
    const busy = [...next.desk.busy].filter((one) => one.startsWith(key)).join();
    const outside = notice + busy + next.directory;
    const same = now.message === next.message && now.grouped === next.grouped && this.outside === outside && state.editing === this.state.editing;
    this.outside = outside;
    return !same;
  }

  surfaceKey() {
    const { desk, message, channel } = this.props;
    return `${desk.place.person} message ${channel.id}:${message.ts}`;
  }

  render({ message, desk, channel, grouped, inThread }) {
    const zone = desk.person?.timezone ?? "UTC";
    const isApp = Boolean(message.bot_id);
    const name = message.subtype === "tombstone" ? "" : message.username || desk.nameOf(message.user) || message.user;
    const at = Number(message.ts);
    const edit = () => this.setState({ editing: !this.state.editing });
    const marks = [grouped && "grouped", message.is_ephemeral && "only-you"].filter(Boolean).join(" ");
    const label = `${name || "Deleted"}, ${timeOf(at, zone)}${message.is_ephemeral ? ", only visible to you" : ""}`;
    return html`<article class=${`message ${marks}`} aria-label=${label} data-ts=${message.ts}>
      <div class="gutter">
        ${grouped ? html`<time class="late" aria-hidden="true">${timeOf(at, zone)}</time>` : message.subtype === "tombstone" ? html`<span class="avatar gone" aria-hidden="true"><${Icon} name="trash" /></span>` : html`<${Avatar} id=${message.user} name=${name} isApp=${isApp} />`}
      </div>
      <div class="message-body">
        ${message.is_ephemeral && html`<div class="only"><${Icon} name="eye" />Only visible to you</div>`}
        ${!grouped && name && html`<div class="byline"><strong>${name}</strong>${isApp && html`<span class="badge">APP</span>`}
          <time dateTime=${new Date(at * 1000).toISOString()} title=${momentOf(at, zone)}>${timeOf(at, zone)}</time></div>`}
        ${this.state.editing ? html`<${MessageEditor} message=${message} channel=${channel} desk=${desk} onDone=${edit} />` : this.content(message, desk, channel)}
        ${(message.files ?? []).map((file) => html`<${FileCard} file=${file} />`)}
        <${Notice} desk=${desk} at=${this.surfaceKey()} />
        <${Reactions} message=${message} channel=${channel} desk=${desk} />
        ${!inThread && message.reply_count > 0 && html`<${Replies} message=${message} desk=${desk} />`}
        ${message.is_ephemeral && html`<button type="button" class="plain" onClick=${() => desk.act("dismiss", { channel: channel.id, ts: message.ts })}>Dismiss</button>`}
      </div>
      ${!message.is_ephemeral && message.subtype !== "tombstone" && html`<${MessageActs} message=${message} channel=${channel} desk=${desk} inThread=${inThread} onEdit=${edit} />`}
    </article>`;
  }

  content(message, desk, channel) {
    if (message.subtype === "tombstone") return html`<p class="quiet">${message.text}</p>`;
    const blocks = message.blocks ?? [];
    const id = `${channel.id}:${message.ts}`;
    const where = { channel: channel.id, message_ts: message.ts };
    const draw = (given) => html`<${Blocks} blocks=${given} surface=${new Surface({ desk, kind: "message", id, where, blocks: [...blocks, ...(message.attachments ?? []).flatMap((one) => one.blocks ?? [])] })} />`;
    return html`
      ${blocks.length ? draw(blocks) : message.text && html`<div class="blocks"><${Mrkdwn} text=${message.text} desk=${desk} /></div>`}
      ${message.edited && html`<span class="edited" title=${momentOf(Number(message.edited.ts), desk.person?.timezone ?? "UTC")}>(edited)</span>`}
      ${(message.attachments ?? []).map((one) => html`<${Attachment} attachment=${one} desk=${desk} draw=${draw} />`)}
    `;
  }
}

function Attachment({ attachment, desk, draw }) {
  const colour = /^#?[0-9a-f]{6}$/i.test(attachment.color ?? "") ? `#${attachment.color.replace("#", "")}` : undefined;
  return html`<div class="attachment" style=${{ borderInlineStartColor: colour }}>
    ${attachment.pretext && html`<${Mrkdwn} text=${attachment.pretext} desk=${desk} />`}
    ${attachment.title && html`<strong>${attachment.title}</strong>`}
    ${attachment.text && html`<${Mrkdwn} text=${attachment.text} desk=${desk} />`}
    ${attachment.blocks?.length ? draw(attachment.blocks) : null}
  </div>`;
}

function Replies({ message, desk }) {
  const { reply_count: count } = message;
  const address = addressOf({ ...desk.place, thread: message.ts });
  return html`<a class="replies" href=${address}>
    ${message.reply_users.slice(0, 4).map((id) => html`<${Avatar} id=${id} name=${desk.nameOf(id)} isApp=${id === desk.app.bot_user} size="small" />`)}
    <strong>${count} ${count === 1 ? "reply" : "replies"}</strong>
    <span class="quiet">Last reply ${ago(Number(message.latest_reply), desk.now)}</span>
  </a>`;
}
