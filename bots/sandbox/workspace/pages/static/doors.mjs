// The workspace's doors: everything the page reads or does goes through here. A refusal becomes a sentence.
const ROOT = new URL("..", import.meta.url);

/** A refusal, or no answer at all; `message` is the sentence to show. */
export class Refusal extends Error {}

/** Read as a person: `overview`, `visible`, `message`, `view`, `home`. */
export function read(user, what, query = {}) {
  const search = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return ask(`people/${user}/${what}?${search}`);
}

/** Act as a person; answers what they see then. */
export function act(user, name, body) {
  return ask(`people/${user}/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** List the people, before anybody is chosen. */
export function everybody() {
  return ask("people");
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(new URL(path, ROOT), options);
  } catch {
    throw new Refusal("The workspace cannot be reached. Is it still running?");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(body.error ?? `The workspace answered ${answer.status}.`);
  return body;
}

/** Watch the stream of changes; `onChange` for each, `onAnew` whenever some may have been missed. Answers an end. */
export function watch(onChange, onAnew) {
  let source = null;
  let retry = 0;
  const open = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(new URL("stream", ROOT));
    source.onopen = onAnew;
    source.onmessage = (event) => onChange(JSON.parse(event.data));
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(open, 2000);
    };
  };
  const follow = () => {
    // A page that nobody sees gives its connection back: browsers keep only six to one server.
    if (document.visibilityState === "visible") open();
    else source?.close();
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}
