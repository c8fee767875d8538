// What the page does better with a script; without one the link below the conversation does the same by hand.
(() => {
  const SOON = 5000; // milliseconds between two looks while an answer may come at any moment
  const LATER = 15000;
  const EAGER = 180000; // milliseconds that "at any moment" lasts after the last news, or after coming back
  const AWAY = 60000;
  const lines = document.querySelector(".lines");
  const state = document.querySelector("[role=status]");
  if (!lines || !state) return;
  const { lang } = document.documentElement;
  const locale = navigator.languages.find((one) => one.split("-")[0] === lang) ?? lang; // "en-GB" writes dates its own way
  const moments = new Intl.DateTimeFormat(locale, { dateStyle: "long", timeStyle: "short" });
  let version = lines.dataset.version;
  let eagerUntil = performance.now() + EAGER;
  let timer = 0;

  /** Say times in the reader's own zone; the original stays as the title. */
  function localise(root) {
    for (const time of root.querySelectorAll("time")) {
      time.title = time.textContent;
      time.textContent = moments.format(new Date(time.dateTime));
    }
  }

  /** Show a page's conversation in place of ours; what is being typed stays as it is. */
  function show(page) {
    const fresh = page.querySelector(".lines");
    const said = page.querySelector("[role=status]");
    if (!fresh || !said) return;
    localise(fresh);
    [...fresh.children].slice(lines.children.length).forEach((line) => line.classList.add("new"));
    lines.replaceChildren(...fresh.children);
    state.replaceChildren(...said.childNodes);
    version = fresh.dataset.version;
    eagerUntil = performance.now() + EAGER;
  }

  async function look() {
    let pause = performance.now() < eagerUntil ? SOON : LATER;
    try {
      const headers = { accept: "text/html", "if-none-match": `"${version}"` };
      const answer = await fetch(location.href, { headers, cache: "no-store" });
      if (answer.status === 200) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
      else if (answer.status === 404) return;
      else if (answer.status !== 304) pause = AWAY;
    } catch {
      pause = AWAY;
    }
    plan(pause);
  }

  function plan(pause) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(look, pause);
  }

  localise(document);
  plan(SOON);
  document.addEventListener("visibilitychange", () => {
    eagerUntil = performance.now() + EAGER;
    plan(0);
  });
})();
