// One after the other: an old answer that comes late must not take the place of a newer one.

/** Answer a function that does each step it is given when those given before are done; it answers what the step does. */
export function inTurn() {
  let last = Promise.resolve();
  return (step) => (last = last.then(() => step(), () => step()));
}
