// The whole page: what is happening now above, where it happens below.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { Guide } from "./guide.mjs";
import { Header } from "./header.mjs";
import { Panes } from "./panes.mjs";
import { useDemo, useKept } from "./state.mjs";
import { Strip } from "./strip.mjs";
import { useTour } from "./tour.mjs";
import { Trouble } from "./trouble.mjs";

/** Show everything. */
export function Demo() {
  const demo = useDemo();
  const stage = useRef(null);
  const [tab, setTab] = useKept("portavoce-tab", "network", sessionStorage);
  const [left, setLeft] = useKept("portavoce-left", "network", sessionStorage);
  const [places, setPlaces] = useState({});
  const [trouble, setTrouble] = useState(false);
  const [chosen, choose] = useState("");
  const [lapsesSeen, setLapsesSeen] = useKept("portavoce-lapse-seen", "", sessionStorage);
  const [hidden, setHidden] = useKept("portavoce-tour-hidden", "");
  const tour = useTour(demo, { hidden, setHidden, places });
  const scene = demo.state?.play?.scene ?? null;
  const playing = demo.state?.play?.state === "playing";

  const look = (at, enter = false) => {
    if (at.pane === "workspace") setTab("workspace");
    else {
      setTab(at.pane);
      setLeft(at.pane);
    }
    stage.current?.(at, enter);
  };

  const letLapse = () => demo.act("play", { on: true, piece: "lapse" });
  const lapse = demo.state?.lapse?.case === lapsesSeen ? null : demo.state?.lapse;

  const wanted = playing ? JSON.stringify(scene) : "";
  useEffect(() => {
    if (wanted && wanted !== "null") look(JSON.parse(wanted));
  }, [wanted]);

  if (!demo.state) return html`<p class="opening" role="status">Opening the demo …</p>`;
  return html`
    <${Header} demo=${demo} tour=${tour} playing=${playing} letLapse=${letLapse} />
    <main class="stage" aria-label="Demo">
      <h1 class="visually-hidden">Portavoce demo</h1>
      <${Strip} demo=${demo} chosen=${chosen} choose=${choose} />
      <${Guide} demo=${demo} tour=${tour} look=${look} openTrouble=${() => setTrouble(true)}
        lapse=${lapse} letLapse=${letLapse} closeLapse=${() => setLapsesSeen(lapse.case)} />
      <${Panes} stage=${stage} tab=${tab} setTab=${setTab} left=${left} setLeft=${setLeft}
        point=${tour.shown && !playing ? tour.lesson?.scene.pane : null} moved=${setPlaces}
        run=${demo.state.tour.begun_at} timezone=${demo.state.clock.timezone} />
    </main>
    <${Trouble} demo=${demo} open=${trouble} setOpen=${setTrouble} />
  `;
}
