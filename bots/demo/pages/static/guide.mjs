// The line that guides: the tour's next step, or what the play is telling.
import { useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { measure } from "./words.mjs";

/** Show the play while there is one to tell of, what is to be done after a clock has run out, else the tour. */
export function Guide({ demo, tour, look, openTrouble, lapse, letLapse, closeLapse }) {
  const [closed, setClosed] = useState("");
  const { play } = demo.state;
  const ended = JSON.stringify([play.state, play.sentence, play.lines.length]);
  if (lapse && play.state === "ended") {
    return html`<${Lapse} lapse=${lapse} look=${look} openTrouble=${openTrouble} close=${() => { setClosed(ended); closeLapse(); }} />`;
  }
  if (play.state === "playing" || (play.state !== "idle" && closed !== ended)) {
    return html`<${Narration} demo=${demo} play=${play} close=${() => setClosed(ended)} openTrouble=${openTrouble} />`;
  }
  if (!tour.shown) return null;
  return tour.lesson
    ? html`<${Lesson} tour=${tour} look=${look} />`
    : html`<${Finish} tour=${tour} openTrouble=${openTrouble} letLapse=${letLapse} />`;
}

/** Show what to do about a clock that has run out. */
function Lapse({ lapse, look, openTrouble, close }) {
  return html`
    <section class="guide tour" aria-label="Guided tour">
      <p class="telling" aria-live="polite"><strong>${lapse.title}.</strong> <span>${lapse.sentence}</span></p>
      <div class="acts">
        <button type="button" class="primary" onClick=${() => look(lapse.scene, true)}>Take me there</button>
        ${lapse.over && html`<button type="button" class="plain" onClick=${openTrouble}>Try to break it</button>`}
        <button type="button" class="plain" onClick=${close}>Close</button>
      </div>
    </section>
  `;
}

/** Show the tour's next step. */
function Lesson({ tour, look }) {
  const { lesson } = tour;
  return html`
    <section class="guide tour" aria-label="Guided tour">
      <${Dots} tour=${tour} />
      <p class="telling" aria-live="polite">
        <strong>${tour.number} of ${tour.lessons.length}: ${lesson.title}.</strong> <span>${lesson.sentence}</span>
      </p>
      <div class="acts">
        <button type="button" class="primary" onClick=${() => look(lesson.scene, true)}>Take me there</button>
        ${tour.number > 1 && html`<button type="button" class="plain" onClick=${tour.restart}>Restart</button>`}
        <button type="button" class="plain" onClick=${tour.skip}>Skip</button>
      </div>
    </section>
  `;
}

/** Show that the tour is over, and what to try next. */
function Finish({ tour, openTrouble, letLapse }) {
  return html`
    <section class="guide tour" aria-label="Guided tour">
      <${Dots} tour=${tour} />
      <p class="telling" aria-live="polite"><strong>That is all of it.</strong> <span>One text and one click in the chat,
        and the customer has a true answer. Now see a clock run out, or try to break it.</span></p>
      <div class="acts">
        <button type="button" class="primary" onClick=${letLapse}>What if nobody answers?</button>
        <button type="button" class="plain" onClick=${openTrouble}>Try to break it</button>
        <button type="button" class="plain" onClick=${tour.restart}>Restart</button>
        <button type="button" class="plain" onClick=${tour.skip}>Close</button>
      </div>
    </section>
  `;
}

/** Show how far the tour is. */
function Dots({ tour }) {
  return html`
    <ol class="dots" aria-hidden="true">
      ${tour.lessons.map((one) => html`
        <li key=${one.key} class=${tour.done.has(one.key) ? "done" : one === tour.lesson ? "current" : ""}></li>`)}
    </ol>
  `;
}

/** Show what the play tells, the newest line large, all of them on demand. */
function Narration({ demo, play, close, openTrouble }) {
  const [all, setAll] = useState(false);
  const playing = play.state === "playing";
  const last = play.lines[play.lines.length - 1];
  return html`
    <section class=${`guide play ${play.state}`} aria-label="The play">
      <span class="time">${last ? measure(Math.floor(last.at), "s") : "…"}</span>
      <p class="telling" aria-live="polite">${playing ? (last?.what ?? "The play begins.") : play.sentence}</p>
      <div class="acts">
        <button type="button" class="plain" aria-expanded=${all} aria-controls="lines" onClick=${() => setAll(!all)}>All lines</button>
        ${playing
          ? html`<button type="button" class="plain" onClick=${() => demo.act("play", { on: false })}>Stop</button>`
          : html`
            <button type="button" class="plain" onClick=${() => demo.act("play", { on: true })}>Play again</button>
            <button type="button" class="plain" onClick=${openTrouble}>Try to break it</button>
            <button type="button" class="plain" onClick=${close}>Close</button>`}
      </div>
      <ol id="lines" class="lines" hidden=${!all} tabindex="0" aria-label="What was told">
        ${play.lines.map((line, number) => html`<li key=${number}><span class="time">${measure(Math.floor(line.at), "s")}</span> ${line.what}</li>`)}
      </ol>
    </section>
  `;
}
