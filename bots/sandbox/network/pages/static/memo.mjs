// Parts of the page that are drawn again only when what they show has changed.
import { Component, h } from "preact";

/** Return `part`, drawn again only when one of its properties is another one. */
export function memo(part) {
  return class extends Component {
    shouldComponentUpdate(next) {
      const names = new Set([...Object.keys(next), ...Object.keys(this.props)]);
      return [...names].some((name) => next[name] !== this.props[name]);
    }

    render(props) {
      return h(part, props);
    }
  };
}
