// The two places where it happens, each a page of its own in a frame: the customer's side and the workspace.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "foundation/html.mjs";
import { keepPlace, keptPlace } from "./places.mjs";

const NETWORK = "/sandbox/network/?embedded";
const WORKSPACE = "/sandbox/slack/?embedded#person=U0ANNA&channel=C0BILLING";
const FORM = "/forms/contact?embed=1";
const TABS = [
  ["network", "Network"],
  ["form", "Contact form"],
  ["workspace", "Workspace"],
];

/** Say where a scene is, as the address within a pane that both pages understand. */
function address({ pane, person, channel, post }) {
  const place = new URLSearchParams();
  if (person) place.set("person", person);
  if (pane === "network") place.set("view", "timeline");
  if (channel) place.set("channel", channel);
  if (post) place.set("post", post);
  return `#${place}`;
}

/** Read what a pane shows from its address. */
function placeOf(frame) {
  return Object.fromEntries(new URLSearchParams(frame.contentWindow.location.hash.slice(1)));
}

/**
 * Show both panes; `stage.current(scene, enter)` leads a pane to a scene and, if asked, the keyboard; `moved` tells
 * what each shows. `run` tells one demo from another, `timezone` is the organisation's.
 */
export function Panes({ stage, tab, setTab, left, setLeft, point, moved, run, timezone }) {
  const frames = { network: useRef(null), workspace: useRef(null), form: useRef(null) };
  const [first] = useState(() => ({
    network: keptPlace(run, "network") ?? `${NETWORK}&${new URLSearchParams({ zone: timezone })}`,
    workspace: keptPlace(run, "workspace") ?? WORKSPACE,
    form: keptPlace(run, "form") ?? FORM,
  }));

  useEffect(() => {
    stage.current = (scene, enter) => {
      if (enter) frames[scene.pane].current?.focus();
      const shown = frames[scene.pane].current?.contentWindow;
      if (!shown) return;
      if (scene.pane !== "form") shown.location.replace(new URL(address(scene), shown.location.href));
      else if (scene.page) shown.location.replace(`${new URL(scene.page, location.href).pathname}?embed=1`);
    };
  }, []);

  const watch = (pane) => (event) => {
    const frame = event.currentTarget;
    const tell = () => {
      keepPlace(run, pane, frame.contentWindow.location);
      moved((places) => ({ ...places, [pane]: placeOf(frame) }));
    };
    frame.contentWindow.addEventListener("hashchange", tell);
    tell();
  };

  const choose = (name) => {
    setTab(name);
    if (name !== "workspace") setLeft(name);
  };

  return html`
    <div class="panes" data-tab=${tab}>
      <section class=${`pane left ${point && point !== "workspace" ? "pointed" : ""}`} aria-label="The customer's side">
        <div class="tabs" role="group" aria-label="What the customer uses">
          ${TABS.slice(0, 2).map(([name, words]) => html`
            <button type="button" key=${name} aria-pressed=${left === name} onClick=${() => choose(name)}>${words}</button>`)}
        </div>
        <iframe ref=${frames.network} title="The network" src=${first.network} hidden=${left !== "network"} onLoad=${watch("network")}></iframe>
        <iframe ref=${frames.form} title="The contact form" src=${first.form} hidden=${left !== "form"} loading="lazy" onLoad=${watch("form")}></iframe>
      </section>
      <section class=${`pane right ${point === "workspace" ? "pointed" : ""}`} aria-label="The company's side">
        <iframe ref=${frames.workspace} title="The workspace" src=${first.workspace} onLoad=${watch("workspace")}></iframe>
      </section>
      <nav class="phone-tabs" aria-label="Panes">
        ${TABS.map(([name, words]) => html`
          <button type="button" key=${name} aria-pressed=${tab === name} onClick=${() => choose(name)}>${words}</button>`)}
      </nav>
    </div>
  `;
}
