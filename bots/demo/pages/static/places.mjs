// Where each pane was, so that a reload leads back there; another demo at the same address begins anew.
const PREFIX = "portavoce-pane-";

/** Keep where a pane is. */
export function keepPlace(run, pane, { pathname, search, hash }) {
  if (pathname.startsWith("/")) sessionStorage.setItem(PREFIX + pane, JSON.stringify({ run, address: pathname + search + hash }));
}

/** Return where a pane was in this run of the demo, or nothing. */
export function keptPlace(run, pane) {
  const kept = JSON.parse(sessionStorage.getItem(PREFIX + pane) ?? "{}");
  return kept.run === run ? kept.address : undefined;
}
