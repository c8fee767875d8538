// Times as people read them, in the time zone of the person who looks.
const DAY = 86_400;
const formats = new Map();

function formatted(seconds, zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key).format(new Date(seconds * 1000));
}

const dayKey = (seconds, zone) => formatted(seconds, zone, { dateStyle: "short" });

/** Answer the clock time, as 14:05. */
export const timeOf = (seconds, zone) => formatted(seconds, zone, { hour: "2-digit", minute: "2-digit" });

/** Answer day and time in full. */
export const momentOf = (seconds, zone) =>
  formatted(seconds, zone, { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** Say whether two moments are on the same day there. */
export const sameDay = (one, other, zone) => dayKey(one, zone) === dayKey(other, zone);

/** Answer the name of the day: Today, Yesterday, or Monday, 3 November. */
export function dayOf(seconds, zone, now) {
  return nearDay(seconds, zone, now) ?? formatted(seconds, zone, { weekday: "long", day: "numeric", month: "long" });
}

function nearDay(seconds, zone, now) {
  if (sameDay(seconds, now, zone)) return "Today";
  if (sameDay(seconds, now - DAY, zone)) return "Yesterday";
  if (sameDay(seconds, now + DAY, zone)) return "Tomorrow";
  return null;
}

/** Answer how long ago, as in "3 hours ago". */
export function ago(seconds, now) {
  const units = [["day", DAY], ["hour", 3600], ["minute", 60], ["second", 1]];
  const passed = seconds - now;
  const [unit, size] = units.find(([, length]) => Math.abs(passed) >= length) ?? units[3];
  return new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" }).format(Math.round(passed / size), unit);
}

/** Fill in a date format such as `{date_short_pretty} at {time}` (the tokens of formatted dates). */
export function dateBy(format, seconds, zone, now) {
  const long = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  const tokens = {
    date_num: () => new Date(seconds * 1000).toLocaleDateString("sv-SE", { timeZone: zone }),
    date_slash: () => formatted(seconds, zone, { day: "2-digit", month: "2-digit", year: "numeric" }),
    date: () => formatted(seconds, zone, { day: "numeric", month: "long", year: "numeric" }),
    date_short: () => formatted(seconds, zone, { day: "numeric", month: "short", year: "numeric" }),
    date_long: () => formatted(seconds, zone, long),
    date_long_full: () => formatted(seconds, zone, long),
    day_divider_pretty: () => dayOf(seconds, zone, now),
    time: () => timeOf(seconds, zone),
    time_secs: () => formatted(seconds, zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
    ago: () => ago(seconds, now),
  };
  return format.replace(/\{(\w+)\}/g, (whole, name) => {
    if (name in tokens) return tokens[name]();
    const plain = name.replace(/_pretty$/, "");
    return plain in tokens ? (nearDay(seconds, zone, now) ?? tokens[plain]()) : whole;
  });
}

/** Turn what stands in a field for date and time into seconds since 1970, read in a time zone. */
export function secondsOf(local, zone) {
  const guess = Date.parse(`${local}:00Z`) / 1000;
  const shown = Date.parse(`${localOf(guess, zone)}:00Z`) / 1000;
  return guess - (shown - guess);
}

/** Write a moment for a field for date and time: 2026-11-21T14:05. */
export const localOf = (seconds, zone) =>
  new Date(seconds * 1000)
    .toLocaleString("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" })
    .replace(" ", "T");
