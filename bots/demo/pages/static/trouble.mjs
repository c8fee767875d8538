// The bottom line: the proof that nothing is lost or doubled, and the switches that try to make it so.
import { html } from "foundation/html.mjs";

/** Show the proof, and the switches on demand. */
export function Trouble({ demo, open, setOpen }) {
  const { evidence, switches, bot } = demo.state;
  const broken = switches.filter((one) => one.on);
  return html`
    <section class="trouble" aria-label="Try to break it">
      <div id="switches" class="switches" hidden=${!open}>
        <ul>
          ${switches.map((one) => html`<${Switch} key=${one.name} one=${one} act=${demo.act} />`)}
        </ul>
      </div>
      <footer class="proof">
        <p class=${evidence.holds ? "evidence holds" : "evidence broken"}>
          <span class="sign" aria-hidden="true">${evidence.holds ? "✓" : "!"}</span>
          <span class="where">On the network: </span><span class="counts" aria-live="polite">${evidence.sentence}</span>
        </p>
        <div class="acts">
          ${!bot.alive && html`<button type="button" class="primary" onClick=${() => demo.act("switches", { name: "killed", on: false })}>Start the bot again</button>`}
          ${broken.length > 0 && html`
            <span class="broken">${broken.map((one) => one.label).join(", ")}</span>
            <button type="button" class="plain" onClick=${() => demo.act("switches", { on: false })}>Mend everything</button>`}
          <button type="button" class="plain" aria-expanded=${open} aria-controls="switches" onClick=${() => setOpen(!open)}>
            Try to break it <span aria-hidden="true">${open ? "▾" : "▴"}</span>
          </button>
        </div>
      </footer>
    </section>
  `;
}

/** Show one switch and what to expect of it. */
function Switch({ one, act }) {
  return html`
    <li>
      <button type="button" role="switch" class="switch" aria-checked=${one.on} aria-describedby=${`expect-${one.name}`}
        onClick=${() => act("switches", { name: one.name, on: !one.on })}>
        <span class="track" aria-hidden="true"></span>${one.label}
      </button>
      <p id=${`expect-${one.name}`} class="quiet">${one.expect}</p>
    </li>
  `;
}
