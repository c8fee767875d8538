// The messages of a channel, or of one thread, as one person sees them; kept up message by message.
import { read } from "./doors.mjs";
import { inTurn } from "./turns.mjs";

const MOST_AT_ONCE = 12; // more changes than this at a time are read as a whole

/** Messages by time. `list` is replaced when it changes, and a message only when it changed itself. */
export class Conversation {
  constructor({ person, channel, thread = "", onChange }) {
    Object.assign(this, { person, channel, thread, onChange });
    this.list = [];
    this.loaded = false;
    this.waiting = new Set();
    this.timer = 0;
    this.inTurn = inTurn();
  }

  /** The ts of the newest message that everybody sees. */
  get latest() {
    return this.list.findLast((one) => !one.is_ephemeral)?.ts;
  }

  /** Read everything; messages that are as before stay the same objects. */
  load() {
    return this.inTurn(() => this.readAll());
  }

  async readAll() {
    const query = { channel: this.channel, thread_ts: this.thread };
    const found = await read(this.person, "visible", query);
    const before = new Map(this.list.map((one) => [one.ts, one]));
    this.list = found.filter((one) => this.belongs(one)).map((one) => same(before.get(one.ts), one));
    this.loaded = true;
    this.onChange();
  }

  belongs(message) {
    if (this.thread) return message.ts === this.thread || message.thread_ts === this.thread;
    // A message that only one person sees stands in the thread where it was said.
    return !(message.is_ephemeral && message.thread_ts);
  }

  /** Re-read what a change concerns. `onArrived` is called with a message that is new here. */
  follow(change, onArrived) {
    if (change.channel !== this.channel) return;
    this.waiting.add(change.ts);
    if (change.thread_ts) this.waiting.add(change.thread_ts);
    if (change.kind === "message_deleted" && this.thread) this.waiting.add(this.thread);
    if (change.kind === "message") this.onArrived = onArrived;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.inTurn(() => this.reread()), 12);
  }

  async reread() {
    const wanted = [...this.waiting];
    if (!wanted.length) return undefined;
    this.waiting.clear();
    try {
      if (wanted.length > MOST_AT_ONCE) return await this.readAll();
      const found = await Promise.all(wanted.map((ts) => read(this.person, "message", { channel: this.channel, ts })));
      wanted.forEach((ts, index) => this.put(ts, found[index]));
    } catch {
      return undefined; // the stream has ended too, and everything is read when it begins again
    }
    this.onChange();
    return undefined;
  }

  put(ts, message) {
    const at = this.list.findIndex((one) => one.ts === ts);
    const fits = message && this.belongs(message) && (this.thread || message.at_top);
    if (!fits) {
      if (at >= 0) this.list = this.list.toSpliced(at, 1);
    } else if (at >= 0) {
      this.list = this.list.with(at, same(this.list[at], message));
    } else {
      const next = this.list.findIndex((one) => one.ts > ts);
      this.list = this.list.toSpliced(next < 0 ? this.list.length : next, 0, message);
      this.onArrived?.(message);
    }
  }
}

function same(before, now) {
  return before && JSON.stringify({ ...before, at_top: 0 }) === JSON.stringify({ ...now, at_top: 0 }) ? before : now;
}
