// Where one is, as the address says: #person=U0ANNA&channel=C0BILLING&thread=…&tab=home
const NAMES = ["person", "channel", "thread", "tab"];

/** Read the address. */
export function placeNow() {
  const given = new URLSearchParams(location.hash.slice(1));
  return Object.fromEntries(NAMES.map((name) => [name, given.get(name) ?? ""]));
}

/** Write a place as an address. */
export function addressOf(place) {
  const given = new URLSearchParams(NAMES.filter((name) => place[name]).map((name) => [name, place[name]]));
  return `#${given}`;
}

/** Go somewhere; `quietly` leaves no step to go back to. */
export function go(place, { quietly = false } = {}) {
  const address = addressOf(place);
  if (address === location.hash) return;
  if (quietly) {
    history.replaceState(null, "", address);
    window.dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = address;
  }
}

const narrow = matchMedia("(max-width: 600px)");

/** Say whether the window is as narrow as a phone, where the parts of the workspace are pages. */
export const isPhone = () => narrow.matches;

/** Be told when the window becomes narrow or wide. */
export const onWidth = (tell) => narrow.addEventListener("change", tell);
