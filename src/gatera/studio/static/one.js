// One item, large: a photo, a text, a row or a recording.
import { address } from "./ask.js";
import { element } from "./element.js";
import { showMask } from "./painting.js";
import { drawPoints } from "./points.js";
import { say } from "./words.js";

const ready = new Map();

/** Fetch what the next items show, so that it is there when they come. */
export function prepare(items, kind) {
  for (const item of items) {
    if (!ready.has(item.i) && source(item, kind)) pictureOf(item, kind).decode().catch(() => {});
  }
  while (ready.size > 12) ready.delete(ready.keys().next().value);
}

function pictureOf(item, kind) {
  const kept = ready.get(item.i);
  const image = kept && (kept.naturalWidth || !kept.complete) ? kept : element("img", "", { alt: item.name, src: source(item, kind) });
  ready.set(item.i, image);
  return image;
}

function source(item, kind) {
  const picture = { photos: "photo", masks: "photo", recordings: "spectrogram" }[kind];
  return picture && address(`${picture}/${item.i}`);
}

/** Show an item. `keepPoints` is called with points that were moved; `drawing` is for masks. */
export function showOne(box, item, kind, keepPoints, drawing) {
  box.replaceChildren();
  box.classList.remove("small");
  if (source(item, kind)) {
    const image = pictureOf(item, kind);
    const frame = element("div.frame", [image]);
    box.append(frame);
    image.onerror = () => failed(image);
    if (image.complete && !image.naturalWidth) failed(image);
    image.onload = () => box.classList.toggle("small", image.naturalWidth < 200 && image.naturalHeight < 1.3 * image.naturalWidth);
    if (image.complete) image.onload();
    if (kind === "masks") showMask(frame, image, item, drawing);
    if (kind === "photos" && item.points) drawPoints(frame, item, keepPoints);
  }
  if (kind === "recordings") box.append(element("audio", "", { controls: true, preload: "auto", src: address(`sound/${item.i}`), id: "sound" }));
  if (item.text !== undefined && !item.problem) box.append(marked(item));
  if (item.row) box.append(rowTable(item.row));
  if (item.problem) box.append(element("p.bad", `${say("cannot_show")} ${item.problem}`));
  if (item.said) box.append(element("p.soft", item.said));
}

/** Who labelled an item otherwise; nothing where nobody did. */
export function saidByOthers({ others }) {
  return others && say("others_say", { list: others.map((each) => `${each.by}: ${each.label || "–"}`).join(", ") });
}

/** A picture, fetched once it is seen. */
export const image = (src, alt = "") => element("img", "", { src, alt, loading: "lazy", onerror: ({ target }) => failed(target) });

/** Put what is wrong with a picture in its place. */
async function failed(image) {
  const answer = await fetch(image.src).then((found) => (found.ok ? null : found.json())).catch(() => null);
  (image.closest(".frame") || image).replaceWith(element("p.bad", `${say("cannot_show")} ${answer?.error?.message || ""}`));
}

function marked(item) {
  const box = element("p.text", "", { tabIndex: 0 });
  const characters = [...item.text]; // spans count characters as Python does
  let at = 0;
  for (const [start, end, label] of item.spans || []) {
    if (start < at) continue;
    box.append(characters.slice(at, start).join(""), element("mark", [characters.slice(start, end).join(""), element("small", label)]));
    at = end;
  }
  box.append(characters.slice(at).join(""));
  return box;
}

function rowTable(row) {
  return element("table", Object.entries(row).map(([name, value]) => element("tr", [element("th", name, { scope: "row" }), element("td", value)])));
}
