// The messages of a channel or thread by time: days, groups, the line above what is new; older ones come while scrolling up.
import { html } from "foundation/html.mjs";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { dayOf, sameDay } from "../words/dates.mjs";
import { Message } from "./message.mjs";

const FIRST = 30;
const MORE = 60;
const GROUPED_WITHIN = 300; // seconds
const NEAR_END = 80; // pixels

/** Draw messages; `newFrom` is the ts after which they are new to the person. */
export function Messages({ conversation, channel, desk, label, newFrom, inThread, before }) {
  const scroller = useRef(null);
  const atEnd = useRef(true);
  const fromEnd = useRef(0);
  const [shown, setShown] = useState(FIRST);
  const { list } = conversation;
  const start = Math.max(0, list.length - shown);
  const visible = list.slice(start);
  const last = list.at(-1)?.ts;

  useLayoutEffect(() => {
    const box = scroller.current;
    if (atEnd.current) box.scrollTop = box.scrollHeight;
  });
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!atEnd.current) box.scrollTop = box.scrollHeight - fromEnd.current;
  }, [shown]);
  useEffect(() => {
    // Cards grow when pictures come or fields open; who was at the end stays there.
    const watcher = new ResizeObserver(() => {
      if (atEnd.current && scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
    });
    watcher.observe(scroller.current.firstElementChild);
    watcher.observe(scroller.current);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    if (last && desk.conversation?.list.at(-1)?.user === desk.place.person) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [last]);

  const onScroll = ({ currentTarget: box }) => {
    atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END;
    fromEnd.current = box.scrollHeight - box.scrollTop;
    if (box.scrollTop < 300 && start > 0) setShown(shown + MORE);
  };
  const directory = `${desk.overview.people.length} ${desk.overview.channels.length} ${desk.person?.timezone} ${desk.knowsEmoji}`;
  return html`<div class="messages" ref=${scroller} onScroll=${onScroll} tabindex="0" role="region" aria-label=${label}>
    <div class="messages-inner">
      ${start > 0 && html`<button type="button" class="plain earlier" onClick=${() => setShown(shown + MORE)}>Show ${Math.min(MORE, start)} earlier messages</button>`}
      ${start === 0 && before}
      <ol>${rows({ visible, desk, newFrom, inThread }).map((row) =>
        row.message
          ? html`<li key=${row.message.ts}><${Message} message=${row.message} grouped=${row.grouped} channel=${channel} desk=${desk} inThread=${inThread} directory=${directory} /></li>`
          : html`<li key=${row.key} class=${row.kind}><span>${row.words}</span></li>`,
      )}</ol>
    </div>
  </div>`;
}

function rows({ visible, desk, newFrom, inThread }) {
  const zone = desk.person?.timezone ?? "UTC";
  const { now } = desk;
  const found = [];
  let before = null;
  let isNew = false;
  for (const [index, message] of visible.entries()) {
    const at = Number(message.ts);
    const day = !before || !sameDay(Number(before.ts), at, zone);
    if (day && !inThread) found.push({ kind: "day", key: `day ${message.ts}`, words: dayOf(at, zone, now) });
    const fresh = newFrom && !isNew && message.ts > newFrom && message.user !== desk.place.person && !inThread;
    if (fresh) {
      isNew = true;
      found.push({ kind: "new", key: "new", words: "New" });
    }
    const grouped = !day && !fresh && goesOn(before, message);
    found.push({ message, grouped });
    before = message;
    if (inThread && index === 0 && visible.length > 1)
      found.push({ kind: "count", key: "count", words: `${visible.length - 1} ${visible.length === 2 ? "reply" : "replies"}` });
    if (inThread && index === 0) before = null;
  }
  return found;
}

/** Say whether a message goes on where the one before it ended, so that the name need not stand there again. */
function goesOn(before, message) {
  if (!before || before.user !== message.user || before.subtype || message.subtype || before.is_ephemeral || message.is_ephemeral) return false;
  if (message.bot_id && (before.blocks?.length > 1 || message.blocks?.length > 1)) return false;
  return Number(message.ts) - Number(before.ts) < GROUPED_WITHIN && before.username === message.username;
}
