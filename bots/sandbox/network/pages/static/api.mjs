// The network's doors. A refusal carries the network's own sentence.
const root = document.body.dataset.root;

export const streamAddress = `${root}/stream?everything=1`;

/** The network would not, or could not; the message is a sentence for the reader. */
export class Refusal extends Error {}

/** Ask the network for something; returns its JSON, `null` where it has nothing to say. */
export async function ask(method, path, body) {
  const asked = { method, headers: { accept: "application/json" }, cache: "no-store" };
  if (body !== undefined) {
    asked.headers["content-type"] = "application/json";
    asked.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(root + path, asked);
  } catch {
    throw new Refusal("Piazza does not answer. Nothing that you wrote is lost; try again in a moment.");
  }
  if (answer.status === 204) return null;
  const said = await answer.json().catch(() => null);
  if (answer.ok && said !== null) return said;
  throw new Refusal(said?.error?.message ?? `Piazza could not do that (${answer.status}). Try again in a moment.`);
}
