// What went wrong, in a sentence, where it went wrong.
import { html } from "foundation/html.mjs";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.mjs";

/** Draw the sentence that stands at a place, if any. */
export function Notice({ desk, at }) {
  const sentence = desk.notices.get(at);
  const place = useRef(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [sentence]);
  if (!sentence) return null;
  const shown = sentence.replace(/^the app\b/, desk.app.name);
  return html`<div ref=${place} class="notice" role="alert"><${Icon} name="warning" /><span>${shown[0].toUpperCase()}${shown.slice(1)}${/[.!?)"]$/.test(shown) ? "" : "."}</span>
    <button type="button" class="icon-button plain" aria-label="Dismiss this notice" onClick=${() => desk.dismissNotice(at)}><${Icon} name="close" /></button></div>`;
}
