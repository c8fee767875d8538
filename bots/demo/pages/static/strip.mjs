// The strip: how long each step of one case took, what runs now, and when it is due.
import { html } from "foundation/html.mjs";
import { countdown, duration, moment } from "./words.mjs";

const NEAR = 600; // seconds

/** Show the strip of the case in focus: the chosen one, else the newest. */
export function Strip({ demo, chosen, choose }) {
  const { cases, clock } = demo.state;
  const shown = cases.find((one) => one.id === chosen) ?? cases[0];
  if (!shown) {
    return html`<section class="strip empty" aria-label="Step clocks"><p>No case yet. As soon as a customer writes, its clock starts here.</p></section>`;
  }
  return html`
    <section class="strip" aria-label="Step clocks">
      <div class="focus">
        <label class="visually-hidden" for="case">Case in focus</label>
        <select id="case" value=${chosen} onChange=${(event) => choose(event.currentTarget.value)}>
          <option value="">Newest: ${cases[0].customer}</option>
          ${cases.map((one) => html`<option value=${one.id} key=${one.id}>${one.customer}: ${one.text}</option>`)}
        </select>
        <p class="status" aria-live="polite">${shown.status}</p>
        ${shown.waits && html`<p class="waits">${waiting(shown.waits, demo.now, clock.timezone)}</p>`}
      </div>
      <ol class="steps">
        ${shown.strip.map((step) => html`<${Step} key=${step.step} step=${step} now=${demo.now} timezone=${clock.timezone} />`)}
      </ol>
    </section>
  `;
}

/** Show one step. */
function Step({ step, now, timezone }) {
  const running = step.started_at !== null && step.ended_at === null;
  const done = step.ended_at !== null && step.outcome !== "cancelled";
  const late = step.late || (running && step.due_at !== null && Date.parse(step.due_at) < now);
  const kind = [done ? "done" : running ? "running" : "coming", late ? "late" : ""].join(" ");
  const wall = running ? (now - Date.parse(step.started_at)) / 1000 : step.wall_seconds;
  return html`
    <li class=${kind} aria-current=${running ? "step" : undefined}>
      <span class="dot" aria-hidden="true"></span>
      <span class="label">${step.label}${step.cycle > 1 && html`<span class="again" title="done again"> ×${step.cycle}</span>`}</span>
      <span class="took">${wall === null || (!done && !running) ? "–" : duration(wall)}</span>
      <span class="more">${more(step, { running, done, late }, now, timezone)}</span>
    </li>
  `;
}

/** Say what else there is to say of a step: when it is due, or its time in business hours where that differs. */
function more(step, { running, done, late }, now, timezone) {
  if (running && step.due_at) return due(step.due_at, now, timezone);
  if (running) return "running";
  if (!done) return "";
  const differs = step.business_seconds !== null && step.wall_seconds - step.business_seconds >= 60;
  if (differs) return `${duration(step.business_seconds)} in office hours`;
  return late ? "late" : "";
}

/** Say when a running step is due, or how late it is: what is near is counted second by second. */
function due(at, now, timezone) {
  const left = Math.round((Date.parse(at) - now) / 1000);
  const near = Math.abs(left) < NEAR;
  if (left > 0) return near ? `due in ${countdown(left)}` : `due ${moment(at, now, timezone)}`;
  return near ? `${countdown(-left)} late` : `was due ${moment(at, now, timezone)}`;
}

/** Say why a reply has not left yet, or why nobody knows, and when that changes. */
function waiting(waits, now, timezone) {
  const why = waits.reason ? ` (${waits.reason.replaceAll("_", " ")})` : "";
  const later = Date.parse(waits.not_before) > now + 1000;
  if (waits.doubtful) return `No answer from the network${why}: looking there before sending again`;
  const next = later ? `next ${moment(waits.not_before, now, timezone, "second")}` : "trying again now";
  return `Tried ${waits.attempts === 1 ? "once" : `${waits.attempts} times`}${why}, ${next}`;
}
