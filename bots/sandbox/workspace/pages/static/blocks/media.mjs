// Draws pictures, videos and files. What lies on another host is not fetched: its description stands in its place.
import { html } from "foundation/html.mjs";
import { useState } from "preact/hooks";
import { Icon } from "../parts/icons.mjs";
import { Link, plainOf } from "../words/inline.mjs";

const ROOT = new URL("../..", import.meta.url);

/** The address of a picture: its own, or that of the uploaded file it shows. */
const addressOf = (image) => {
  if (image.image_url || image.slack_file?.url) return image.image_url ?? image.slack_file.url;
  return image.slack_file?.id ? new URL(`files/${image.slack_file.id}`, ROOT).href : "";
};

const isHere = (url) => {
  try {
    const address = new URL(url, location.href);
    return address.origin === location.origin || (address.protocol === "data:" && /^data:image\//.test(url));
  } catch {
    return false;
  }
};

/** Draw a picture, or its description where it cannot be shown. */
export function Picture({ image, kind = "picture" }) {
  const [failed, setFailed] = useState(false);
  const url = addressOf(image);
  if (url && isHere(url) && !failed)
    return html`<img class=${kind} src=${url} alt=${image.alt_text} loading="lazy" onError=${() => setFailed(true)} />`;
  if (kind !== "picture")
    return html`<span class=${`${kind} missing`} role="img" aria-label=${image.alt_text} title=${image.alt_text}><${Icon} name="picture" /></span>`;
  return html`<span class="picture missing"><${Icon} name="picture" /><${Link} url=${url}>${image.alt_text}<//></span>`;
}

/** Draw an image block. */
export function ImageBlock({ block }) {
  return html`<figure>
    ${block.title && html`<figcaption>${plainOf(block.title)}</figcaption>`}
    <${Picture} image=${block} />
  </figure>`;
}

/** Draw a video block as a card that leads to the video. */
export function VideoBlock({ block }) {
  return html`<div class="attached">
    <span class="glyph"><${Icon} name="play" /></span>
    <div>
      <strong><${Link} url=${block.title_url ?? block.video_url}>${plainOf(block.title)}<//></strong>
      <div class="quiet">${[block.provider_name, block.author_name].filter(Boolean).join(" · ")}</div>
      ${block.description && html`<div>${plainOf(block.description)}</div>`}
      <span class="visually-hidden">${block.alt_text}</span>
    </div>
  </div>`;
}

/** Draw a file that was shared. */
export function FileCard({ file }) {
  const name = file.title || file.name || "File";
  const details = [file.filetype?.toUpperCase(), file.size && sized(file.size)].filter(Boolean).join(" · ");
  const address = file.url_private || file.permalink;
  return html`<div class="attached">
    <span class="glyph"><${Icon} name="file" /></span>
    <div>
      <strong>${address ? html`<${Link} url=${address}>${name}<//>` : name}</strong>
      <div class="quiet">${details || "File"}</div>
    </div>
  </div>`;
}

const sized = (bytes) => (bytes < 1024 ? `${bytes} B` : bytes < 1_048_576 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1_048_576).toFixed(1)} MB`);
