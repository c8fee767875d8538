// Notes what a person really does in this page or frame: trusted clicks and trusted changes of text, nothing scripted.
(() => {
  const typed = "textarea, [contenteditable], input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit])";
  const nameOf = (element) =>
    element.getAttribute("aria-label") || element.labels?.[0]?.textContent.trim() || element.textContent.trim().slice(0, 60);
  const note = (kind, element) =>
    window.noteGesture({
      kind,
      name: nameOf(element),
      into_field: element.matches(typed),
      choosing_place: Boolean(element.closest('nav[aria-label="Workspace"]')),
    });
  const onClick = (event) => {
    const pressed = event.target.closest?.(`a, button, label, select, [role=option], [role=menuitem], ${typed}`);
    if (event.isTrusted && pressed) note("click", pressed);
  };
  addEventListener("click", onClick, { capture: true });
  addEventListener("input", (event) => event.isTrusted && note("text", event.target), { capture: true });
})();
