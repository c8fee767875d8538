// The demo's own doors: what it shows, live, and what can be switched.

/** Ask a door to do something; resolves to the state after it, rejects with a sentence. */
export async function ask(door, body = {}) {
  let answer;
  try {
    answer = await fetch(`/sandbox/demo/${door}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The demo does not answer. Is it still running?");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error ?? `The demo answered ${answer.status}.`);
  return told;
}

/** Follow the state; `told(state)` after each change, `connected(bool)` when the line breaks or is back. */
export function follow(told, connected) {
  let source = null;
  let again = 0;

  function open() {
    close();
    source = new EventSource("/sandbox/demo/stream");
    source.addEventListener("open", () => connected(true));
    source.addEventListener("state", (event) => told(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      connected(false);
      if (source?.readyState === EventSource.CLOSED) again = setTimeout(open, 2000);
    });
  }

  function close() {
    clearTimeout(again);
    source?.close();
    source = null;
  }

  // A browser grants few connections to one host: a page that nobody sees gives its own back.
  const seen = () => (document.hidden ? close() : open());
  document.addEventListener("visibilitychange", seen);
  seen();
  return () => {
    document.removeEventListener("visibilitychange", seen);
    close();
  };
}
