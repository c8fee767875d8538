// Light or dark: what the person chose, or what their system prefers. A choice holds for every open sandbox page.
const KEY = "portavoce-theme";

function apply() {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  else delete document.documentElement.dataset.theme;
}

/** Follow the choice from now on, also when it is made in another frame or window. */
export function followTheme() {
  apply();
  window.addEventListener("storage", (event) => {
    if (event.key === KEY) apply();
  });
}

/** Say which theme is shown. */
export function shownTheme() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
}

/** Turn light into dark and back. */
export function toggleTheme() {
  localStorage.setItem(KEY, shownTheme() === "dark" ? "light" : "dark");
  apply();
}
