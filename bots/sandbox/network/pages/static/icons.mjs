// The page's own drawings; all are decoration, the words stand beside them.
import { html } from "foundation/html.mjs";

const PATHS = {
  timeline: "M4 10.5 12 4l8 6.5V20h-5.5v-5.5h-5V20H4z",
  messages: "M4 6h16v11H9.5L5 20.5V17H4zM8 10h8M8 13h5",
  notifications: "M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5zM10 20.5h4",
  reply: "M10 6 4.5 11.5 10 17M5 11.5h8.5a6 6 0 0 1 6 6V19",
  like: "M12 19.5S4.5 15 4.5 9.7A4 4 0 0 1 12 7.6a4 4 0 0 1 7.5 2.1C19.5 15 12 19.5 12 19.5z",
  repost: "M7 19 4 16l3-3M4.5 16H16a3 3 0 0 0 3-3v-2M17 5l3 3-3 3M19.500 8H8a3 3 0 0 0-3 3v2",
  edit: "M5 19l1-4L16 5l3 3L9 18z",
  remove: "M5.500 7.500h13M9.500 7V5h5v2M7 7.500 8 19.500h8l1-12",
  picture: "M4.500 5.500h15v13h-15zM5 16l4.500-4.500 4 4 2.500-2.500 3.500 3.500M15.500 9.500h.01",
  close: "M6 6l12 12M18 6 6 18",
  theme: "M12 4.500v15a7.500 7.500 0 0 0 0-15zM12 4.500a7.500 7.500 0 0 0 0 15",
  send: "M4.500 12 20 4.500 14.500 20l-3-6.500z",
};

/** Draw an icon. */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;
}

/** Piazza's mark: the arches around a square. */
export function Mark() {
  return html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="8" />
    <path d="M6 9h20v3H6zM7 25V17a3 3 0 0 1 6 0v8zM19 25V17a3 3 0 0 1 6 0v8zM14 25v-9a2 2 0 0 1 4 0v9z" />
  </svg>`;
}
