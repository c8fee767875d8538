// The live stream: opens by itself again after the network was away, and has everything read anew then.
import { streamAddress } from "./api.mjs";

const KINDS = ["post", "edit", "delete", "like", "unlike", "repost", "unrepost", "hide", "notification", "seen"];
const PAUSE = 1_500; // milliseconds until the next try after the stream was refused

/** Follow the stream: `onOpen` at every beginning, `onEvent` for what happens, `onLost` when it breaks. */
export function followStream({ onOpen, onEvent, onLost }) {
  const source = new EventSource(streamAddress);
  source.addEventListener("open", onOpen);
  for (const kind of KINDS) source.addEventListener(kind, (event) => onEvent(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    onLost();
    if (source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    setTimeout(() => followStream({ onOpen, onEvent, onLost }), PAUSE);
  });
}
