// The top line: the name, the demo's present, the tour, the play, and the theme.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { shownTheme, toggleTheme } from "foundation/theme.mjs";
import { city, moment, present } from "./words.mjs";

const JUMPS = [
  ["15m", "+15 min"],
  ["1h", "+1 h"],
  ["due", "To what falls due next"],
  ["morning", "To the next morning, 9:00"],
  ["saturday", "To Saturday"],
];

/** Show the top line. */
export function Header({ demo, tour, playing, letLapse }) {
  const [, redraw] = useState(0);
  const dark = shownTheme() === "dark";
  return html`
    <header class="top" aria-label="Demo">
      <p class="name"><span class="mark" aria-hidden="true"></span>Portavoce <span class="quiet">demo</span></p>
      <${Clock} demo=${demo} playing=${playing} letLapse=${letLapse} />
      <div class="acts">
        <button type="button" class="plain" aria-pressed=${tour.shown} onClick=${tour.shown ? tour.skip : tour.resume}>Tour</button>
        <button type="button" class="primary" onClick=${() => demo.act("play", { on: !playing })}>
          ${playing ? html`<span aria-hidden="true">■</span> Stop<span class="wide"> the play</span>` : html`<span aria-hidden="true">▶</span> Play<span class="wide"> it for me</span>`}
        </button>
        <button type="button" class="plain icon" aria-label=${dark ? "Light theme" : "Dark theme"}
          onClick=${() => { toggleTheme(); redraw((count) => count + 1); }}>
          <span aria-hidden="true">${dark ? "☀" : "☾"}</span>
        </button>
      </div>
    </header>
    ${!demo.connected && html`<p class="notice" role="status">The demo does not answer; trying again …</p>`}
    ${demo.refusal && html`
      <p class="notice" role="alert">${demo.refusal}
        <button type="button" class="plain" onClick=${demo.forgive}>Close</button>
      </p>`}
  `;
}

/** Show the demo's present, and offer to move it forward. */
function Clock({ demo, playing, letLapse }) {
  const [open, setOpen] = useState(false);
  const box = useRef(null);
  const { clock } = demo.state;
  const { day, time } = present(demo.now, clock.timezone);

  useEffect(() => {
    if (!open) return undefined;
    const elsewhere = (event) => { if (!box.current?.contains(event.target)) setOpen(false); };
    document.addEventListener("pointerdown", elsewhere);
    return () => document.removeEventListener("pointerdown", elsewhere);
  }, [open]);

  const leave = (event) => {
    if (event.key !== "Escape" || !open) return;
    setOpen(false);
    box.current.querySelector("button").focus();
  };

  return html`
    <div class="clock" ref=${box} onKeyDown=${leave}>
      <button type="button" class="present" aria-expanded=${open} aria-controls="jumps" onClick=${() => setOpen(!open)}>
        <span class="visually-hidden">Move the time. It is </span>
        <span class="day">${day}</span> <span class="time">${time.slice(0, 5)}<span class="seconds">${time.slice(5)}</span></span>
        <span class="zone">${city(clock.timezone)}</span>
        <span class=${clock.open ? "hours open" : "hours"}>${clock.open ? "open" : "closed"}</span>
        <span class="visually-hidden"> by business hours</span>
      </button>
      <div id="jumps" class="jumps" hidden=${!open}>
        <p>Move the one clock of bot, workspace and network forward. What falls due on the way happens in its time.</p>
        <div class="choices">
          ${JUMPS.map(([to, words]) => html`
            <button type="button" class="plain" key=${to} onClick=${() => demo.act("clock", { to })}>${words}</button>`)}
        </div>
        <p class="ask">Every step has a target.
          <button type="button" class="plain" disabled=${playing} onClick=${() => { setOpen(false); letLapse(); }}>What if nobody answers?</button></p>
        ${clock.opens_at && html`<p class="quiet">${clock.organisation} opens ${moment(clock.opens_at, demo.now, clock.timezone)}.</p>`}
      </div>
    </div>
  `;
}
