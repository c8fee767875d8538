// Times and durations in words.

/** Say a number of units; no line ends between the two. */
export const measure = (number, unit) => `${number}\u00a0${unit}`;

/** Say a duration in at most two units: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min", "1 d 4 h". */
export function duration(seconds) {
  if (seconds < 0.05) return countdown(0);
  if (seconds < 9.95) return measure(Math.max(0, seconds).toFixed(1), "s");
  return countdown(Math.round(seconds));
}

/** Say whole seconds in at most two units: "0 s", "9 s", "3 min 5 s". */
export function countdown(whole) {
  const parts = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ].filter(([number]) => number > 0);
  return parts.slice(0, 2).map((part) => measure(...part)).join(" ") || measure(0, "s");
}

/** Say a moment in the organisation's zone, to the minute or second; with the weekday unless it is today. */
export function moment(iso, now, timezone, precision = "minute") {
  const at = new Date(iso);
  const day = (date) => new Intl.DateTimeFormat("en-CA", { timeZone: timezone }).format(date);
  const today = day(at) === day(new Date(now));
  const shape = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: timezone };
  if (precision === "second") shape.second = "2-digit";
  return new Intl.DateTimeFormat("en-GB", today ? shape : { ...shape, weekday: "short" }).format(at);
}

/** Say the present: `{ day: "Sun 22 Nov", time: "10:04:31" }`. */
export function present(now, timezone) {
  const say = (shape) => new Intl.DateTimeFormat("en-GB", { ...shape, timeZone: timezone }).format(new Date(now));
  return {
    day: say({ weekday: "short", day: "numeric", month: "short" }).replace(",", ""),
    time: say({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }),
  };
}

/** Say the city of a zone: "Rome" for "Europe/Rome". */
export function city(timezone) {
  return timezone.split("/").pop().replaceAll("_", " ");
}
