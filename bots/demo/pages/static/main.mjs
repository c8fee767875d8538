// Puts the page together.
import { html, render } from "foundation/html.mjs";
import { followTheme } from "foundation/theme.mjs";
import { Demo } from "./demo.mjs";

followTheme();
const place = document.getElementById("demo");
place.replaceChildren();
render(html`<${Demo} />`, place);
