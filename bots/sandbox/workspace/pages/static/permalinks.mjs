// Links to messages of this very workspace are followed here, as Slack's own clients do, and not in another window.
import { go } from "./place.mjs";

const PATIENCE = 3000; // milliseconds in which the message may appear
const SHOWN_FOR = 1500; // milliseconds for which it is marked

/** Follow such links from now on; `desk` knows the workspace's address and where one is. */
export function followPermalinks(desk) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href]");
    const home = desk.overview?.team.url;
    if (!link || !home || !link.href.startsWith(home) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const found = /^archives\/(\w+)\/p(\d+)(\d{6})$/.exec(link.href.slice(home.length).split("?")[0]);
    if (!found || !desk.channelNamed(found[1])) return;
    event.preventDefault();
    const thread = new URL(link.href).searchParams.get("thread_ts") ?? "";
    go({ person: desk.place.person, channel: found[1], thread });
    show(`${found[2]}.${found[3]}`, performance.now() + PATIENCE);
  });
}

/** Scroll to a message as soon as it is drawn, and mark it for a moment. */
function show(ts, until) {
  const message = document.querySelector(`[data-ts="${ts}"]`);
  if (!message) {
    if (performance.now() < until) requestAnimationFrame(() => show(ts, until));
    return;
  }
  const box = message.closest(".messages, .thread") ?? document.scrollingElement; // the page around us stays where it is
  box.scrollTop += message.getBoundingClientRect().top - box.getBoundingClientRect().top;
  message.classList.add("pointed");
  setTimeout(() => message.classList.remove("pointed"), SHOWN_FOR);
}
