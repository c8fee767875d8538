// How the page says numbers, moments and happenings.
const zone = new URLSearchParams(globalThis.location?.search).get("zone") ?? undefined; // a page around this one may name it
const numbers = new Intl.NumberFormat("en");
const segments = new Intl.Segmenter("en", { granularity: "grapheme" });
const short = clock({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const long = clock({ dateStyle: "full", timeStyle: "long" });

const TOLD = {
  reply: "replied to you",
  mention: "mentioned you",
  message: "sent you a message",
  like: "liked your post",
  repost: "reposted your post",
  edit: "changed what they wrote to you",
  delete: "deleted what they wrote to you",
};

function clock(style) {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...style, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en-GB", style); // a zone that this browser does not know
  }
}

/** "12,400 followers" */
export function followers(count) {
  return `${numbers.format(count)} ${count === 1 ? "follower" : "followers"}`;
}

/** Return how many characters a person sees; the network counts in the same way. */
export function length(text) {
  let count = 0;
  for (const _ of segments.segment(text)) count += 1;
  return count;
}

/** "Sun, 22 Nov, 09:15", in the reader's zone */
export function shortMoment(at) {
  return short.format(new Date(at));
}

/** The same in full, with the zone. */
export function longMoment(at) {
  return long.format(new Date(at));
}

/** Return the first words of a text, on one line. */
export function beginning(text, most = 80) {
  const line = text.replace(/\s+/gu, " ").trim();
  const letters = [...line];
  return letters.length > most ? `${letters.slice(0, most).join("").trimEnd()}…` : line;
}

/** Return whether a notification is worth a line; a brand is also told of its own posts. */
export function isTold(notification) {
  return notification.kind in TOLD;
}

/** "replied to you" */
export function whatHappened(notification) {
  return TOLD[notification.kind];
}

/** "replied to Ada" */
export function whatHappenedTo(notification, name) {
  return TOLD[notification.kind].replace("your", `${name}'s`).replace("you", name);
}

/** Return someone's first name. */
export function firstName(account) {
  return account.name.split(" ")[0];
}
