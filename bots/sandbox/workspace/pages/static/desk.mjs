// What one person's window knows, and how it follows the workspace: every change re-reads only what it concerns.
import { act, everybody, read, Refusal, watch } from "./doors.mjs";
import { keepChannel, keptChannel } from "./kept.mjs";
import { Conversation } from "./conversation.mjs";
import { addressOf, go, isPhone, onWidth, placeNow } from "./place.mjs";
import { inTurn } from "./turns.mjs";

const LAST_PERSON = "workspace-person";
const SAID_FOR = 4000; // milliseconds after which an announced message is taken from the screen reader's line
const SETTLE = 60; // milliseconds in which changes gather before the side of the window is read again

/** The state behind the page; `onChange` is called after each change. */
export class Desk {
  constructor(onChange) {
    this.onChange = onChange;
    this.place = placeNow();
    this.overview = null;
    this.conversation = null;
    this.thread = null;
    this.view = null;
    this.home = undefined;
    this.notices = new Map(); // place key to sentence
    this.busy = new Set(); // what was pressed and is not answered yet
    this.trouble = "";
    this.said = ""; // for screen readers
    this.unreadFrom = ""; // where the line "New" stands
    this.refresh = { overview: 0 };
    this.inTurn = { overview: inTurn(), view: inTurn(), home: inTurn() };
    this.settled = Promise.resolve(); // when everything that was done to the dialog is answered
  }

  /** Begin: follow the address and the stream. */
  async start() {
    window.addEventListener("hashchange", () => this.arrive());
    onWidth(() => this.arrive());
    // Watching begins before reading, so that nothing that happens in between is missed.
    const watching = new Promise((resolve) => watch((change) => this.follow(change), () => {
      resolve();
      this.anew();
    }));
    await Promise.race([watching, new Promise((resolve) => setTimeout(resolve, 500))]);
    await this.arrive();
  }

  /** Answer the channel that is open, as the overview has it. */
  get channel() {
    return this.channelNamed(this.place.channel);
  }

  get person() {
    return this.overview?.people.find((one) => one.id === this.place.person);
  }

  get app() {
    return this.overview?.app;
  }

  channelNamed(id) {
    return this.overview?.channels.find((one) => one.id === id);
  }

  /** Answer the name of anybody and anything with an id. */
  nameOf(id) {
    if (id === this.app?.bot_user) return this.app.name;
    const known = this.overview;
    return (
      known?.people.find((one) => one.id === id)?.name ??
      known?.channels.find((one) => one.id === id)?.name ??
      known?.usergroups.find((one) => one.id === id)?.handle ??
      ""
    );
  }

  /** The present moment of the workspace, in seconds since 1970. */
  get now() {
    return this.overview ? this.overview.now + (performance.now() - this.overview.readAt) / 1000 : Date.now() / 1000;
  }

  changed() {
    this.onChange();
  }

  /** Come to where the address points. */
  async arrive() {
    const before = this.place;
    const place = placeNow();
    if (!place.person) {
      const known = localStorage.getItem(LAST_PERSON);
      const people = await this.tried(() => everybody());
      const first = people?.find((one) => one.id === known) ?? people?.[0];
      if (first) go({ ...place, person: first.id }, { quietly: true });
      return;
    }
    this.place = place;
    localStorage.setItem(LAST_PERSON, place.person);
    if (before.person !== place.person || !this.overview) {
      this.overview = null;
      this.view = null;
      this.home = undefined;
      await Promise.all([this.readOverview(), this.readView()]);
      // Whoever has gone on meanwhile is not led back.
      if (!this.overview || addressOf(placeNow()) !== addressOf(place)) return;
    }
    if (!this.channel) {
      const fitting = this.fittingChannel(place.channel);
      if (fitting || place.channel) {
        go({ person: place.person, channel: fitting?.id ?? "", tab: fitting?.kind === "im" ? place.tab : "" }, { quietly: true });
        return;
      }
    } else if (!isPhone()) keepChannel(place.person, place.channel);
    this.openConversation(before);
    if (place.tab === "home") await this.openHome();
    this.changed();
  }

  /** Answer where a person begins who named no channel, or one that they cannot see. */
  fittingChannel(wanted) {
    const { channels } = this.overview;
    if (wanted.startsWith("D")) return channels.find((one) => one.kind === "im");
    if (isPhone()) return null;
    const mine = channels.filter((one) => one.member && one.kind !== "im");
    return this.channelNamed(keptChannel(this.place.person)) ?? mine.find((one) => one.unread) ?? mine[0] ?? channels[0];
  }

  openConversation(before) {
    const { person, channel, thread } = this.place;
    const moved = before.person !== person || before.channel !== channel;
    if (!channel) this.conversation = null;
    else if (moved || this.conversation?.channel !== channel || this.conversation?.person !== person) {
      this.unreadFrom = this.channel.unread ? this.channel.read || "0" : "";
      this.conversation = new Conversation({ person, channel, onChange: () => this.changed() });
      this.tried(() => this.conversation.load()).then(() => this.readHere());
    }
    if (!thread) this.thread = null;
    else if (this.thread?.thread !== thread || this.thread?.person !== person) {
      this.thread = new Conversation({ person, channel, thread, onChange: () => this.changed() });
      this.tried(() => this.thread.load());
    }
  }

  async openHome() {
    const { person } = this.place;
    if (this.home === undefined) this.home = await this.tried(() => read(person, "home"));
    await this.act("open_home", {});
  }

  /** Read everything again: the stream began, or began anew. */
  async anew() {
    if (!this.overview) return;
    await Promise.all([
      this.readOverview(),
      this.readView(),
      this.tried(() => this.conversation?.load()),
      this.tried(() => this.thread?.load()),
      this.place.tab === "home" && this.readHome(),
    ]);
    this.trouble = "";
    this.changed();
  }

  readOverview() {
    return this.inTurn.overview(() => this.overviewNow());
  }

  async overviewNow() {
    const { person } = this.place;
    const found = await this.tried(() => read(person, "overview"));
    if (!found || person !== this.place.person) return;
    this.overview = { ...found, readAt: performance.now() };
    this.changed();
  }

  readView() {
    return this.inTurn.view(() => this.viewNow());
  }

  async viewNow() {
    const { person } = this.place;
    const { view } = this;
    const found = await this.tried(() => read(person, "view"));
    if (person !== this.place.person || found === undefined) return undefined;
    if (this.view !== view) return this.viewNow(); // an act was answered in between, perhaps with something newer
    this.view = found;
    this.changed();
    return undefined;
  }

  readHome() {
    return this.inTurn.home(() => this.homeNow());
  }

  async homeNow() {
    const { person } = this.place;
    const found = await this.tried(() => read(person, "home"));
    if (person === this.place.person && found !== undefined) this.home = found;
    this.changed();
  }

  /** Follow one change of the stream. */
  follow(change) {
    const { person } = this.place;
    if (change.kind === "restored") return this.anew();
    if (change.user === person && change.kind.startsWith("view")) return this.readView();
    if (change.user === person && change.kind === "home") return this.place.tab === "home" ? this.readHome() : undefined;
    if (change.kind.startsWith("ephemeral") && change.user !== person) return undefined;
    if (change.kind !== "message_changed" && !change.kind.startsWith("reaction")) this.overviewSoon();
    if (!change.ts || change.kind === "marked") return undefined;
    for (const one of [this.conversation, this.thread]) one?.follow(change, (message) => this.arrived(one, message));
    return undefined;
  }

  overviewSoon() {
    clearTimeout(this.refresh.overview);
    this.refresh.overview = setTimeout(() => this.readOverview(), SETTLE);
  }

  arrived(conversation, message) {
    if (message.user === this.place.person) return;
    this.said = `${this.nameOf(message.user)}: ${message.text.slice(0, 200)}`;
    clearTimeout(this.refresh.said);
    this.refresh.said = setTimeout(() => this.hush(), SAID_FOR);
    if (conversation === this.conversation) this.readHere();
    this.changed();
  }

  hush() {
    this.said = "";
    this.changed();
  }

  /** Note that the person has read the open channel, if they can see it. */
  readHere() {
    const { person, channel, tab } = this.place;
    const last = this.conversation?.latest;
    if (!last || tab === "home" || document.visibilityState !== "visible" || !this.channel?.member) return;
    if (this.channel.read < last) this.tried(() => act(person, "mark", { channel, ts: last }));
  }

  /** Act as the person; answers what they see, or undefined after a refusal, which is shown at `at`. */
  act(name, body, { at = "window" } = {}) {
    const answer = this.answerTo(name, body, at);
    if (name.endsWith("_view") && name !== "type_in_view") this.settled = Promise.allSettled([this.settled, answer]);
    return answer;
  }

  async answerTo(name, body, at) {
    const { person } = this.place;
    this.notices.delete(at);
    try {
      const seen = await act(person, name, body);
      if (seen.error) this.notices.set(at, seen.error);
      if ("view" in seen && person === this.place.person && name !== "open_home") this.sawView(seen, name);
      this.changed();
      return seen;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.notices.set(at, error.message);
      this.changed();
      return undefined;
    }
  }

  /** Ask something as the person; raises Refusal. */
  ask(name, body) {
    return act(this.place.person, name, body);
  }

  sawView(seen, name) {
    if (["submit_view", "close_view"].includes(name) || seen.view) this.view = seen.view;
  }

  /** Take a sentence away. */
  dismissNotice(at) {
    this.notices.delete(at);
    this.changed();
  }

  async tried(reading) {
    try {
      const found = await reading();
      this.trouble = "";
      return found;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.trouble = error.message;
      this.changed();
      return undefined;
    }
  }
}
