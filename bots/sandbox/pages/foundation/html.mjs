// One way to write markup in every page: tagged templates over Preact, which escapes every text.
import { h, render } from "preact";
import htm from "htm";

export const html = htm.bind(h);
export { render };
