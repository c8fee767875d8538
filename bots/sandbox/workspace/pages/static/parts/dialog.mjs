// The app's dialogs (modals): title, blocks, submit and close; errors at their fields; a pushed one over the one before.
import { html } from "foundation/html.mjs";
import { useEffect, useRef, useState } from "preact/hooks";
import { Blocks } from "../blocks/blocks.mjs";
import { forget } from "../kept.mjs";
import { fieldsOf, Surface } from "../surface.mjs";
import { plainOf } from "../words/inline.mjs";
import { Avatar } from "./avatar.mjs";
import { Icon } from "./icons.mjs";
import { Notice } from "./notice.mjs";
import { Window } from "./window.mjs";

/** Draw the dialog in front of the person. */
export function Dialog({ desk, view }) {
  const [errors, setErrors] = useState({});
  const [sending, setSending] = useState(false);
  const body = useRef(null);
  const surface = new Surface({ desk, kind: "view", id: view.id, blocks: view.blocks });
  const title = plainOf(view.title);
  const hasFields = !fieldsOf(view.blocks).next().done; // what can only be read is scrolled with the keyboard
  useEffect(() => {
    setErrors({});
    if (!body.current.contains(document.activeElement) || document.activeElement === document.body)
      (body.current.querySelector("[autofocus]") ?? body.current.querySelector("input, textarea, button"))?.focus();
  }, [view.id]);
  useEffect(() => {
    body.current.querySelector('[aria-invalid="true"]')?.focus();
  }, [errors]);

  const submit = async (event) => {
    event.preventDefault();
    if (sending) return;
    setSending(true);
    const seen = await desk.act("submit_view", { values: surface.inputs(), view_id: view.id }, { at: surface.key });
    setSending(false);
    setErrors(seen?.field_errors ?? {});
    if (seen?.ok && seen.view?.id !== view.id) forget(surface.key);
  };
  const close = (everything) => {
    forget(surface.key);
    desk.act("close_view", { everything }, { at: surface.key });
  };
  const edited = (block) => errors[block] && setErrors({ ...errors, [block]: undefined });
  return html`<${Window} label=${title} className="dialog" onClose=${() => close(false)}>
    <form onSubmit=${submit} novalidate>
      <header class="window-head">
        ${view.previous_view_id ? html`<button type="button" class="icon-button" aria-label="Back" onClick=${() => close(false)}><${Icon} name="back" /></button>` : html`<${Avatar} isApp=${true} size="small" />`}
        <h2>${title}</h2>
        <button type="button" class="icon-button" aria-label="Close dialog" onClick=${() => close(true)}><${Icon} name="close" /></button>
      </header>
      <div class="window-body" ref=${body} tabindex=${hasFields ? undefined : 0} role=${hasFields ? undefined : "group"} aria-label=${hasFields ? undefined : title}><${Blocks} key=${view.id} blocks=${view.blocks} surface=${surface} errors=${errors} onEdit=${edited} /></div>
      <div class="window-note"><${Notice} desk=${desk} at=${surface.key} /></div>
      <footer class="window-foot">
        ${(view.close || !view.submit) && html`<button type="button" class="button" onClick=${() => close(false)}>${plainOf(view.close) || "Close"}</button>`}
        ${view.submit && html`<button type="submit" class=${`button primary ${sending ? "busy" : ""}`} aria-busy=${sending}><span>${plainOf(view.submit)}</span></button>`}
      </footer>
    </form>
  <//>`;
}
