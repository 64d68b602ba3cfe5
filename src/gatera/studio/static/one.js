// One item, large: a photo, a text, a row or a recording.
import { drawPoints } from "./points.js";
import { say } from "./words.js";

export function element(tag, text = "", more = {}) {
  const made = Object.assign(document.createElement(tag), more);
  if (text) made.textContent = text;
  return made;
}

const ready = new Map();

/** Fetch what the next items show, so that it is there when they come. */
export function prepare(items, kind) {
  for (const item of items) {
    if (ready.has(item.i) || (kind !== "photos" && kind !== "recordings")) continue;
    const image = new Image();
    image.src = source(item, kind);
    ready.set(item.i, image);
    image.decode().catch(() => {});
  }
  while (ready.size > 12) ready.delete(ready.keys().next().value);
}

function source(item, kind) {
  return kind === "photos" ? `photo/${item.i}` : `spectrogram/${item.i}`;
}

/** Show an item in a box. `keepPoints` is called with points that were moved. */
export function showOne(box, item, kind, keepPoints) {
  box.replaceChildren();
  box.classList.remove("small");
  if (kind === "photos" || kind === "recordings") {
    const image = ready.get(item.i) || new Image();
    ready.set(item.i, image);
    image.alt = item.name;
    image.onerror = () => failed(box, source(item, kind));
    if (!image.src) image.src = source(item, kind);
    else if (image.complete && !image.naturalWidth) failed(box, image.src);
    const frame = element("div", "", { className: "frame" });
    frame.append(image);
    box.append(frame);
    image.onload = () => box.classList.toggle("small", image.naturalWidth < 200);
    if (image.complete) image.onload();
    if (kind === "photos" && item.points) drawPoints(frame, item, keepPoints);
  }
  if (kind === "recordings") box.append(element("audio", "", { controls: true, preload: "auto", src: `sound/${item.i}`, id: "sound" }));
  if (item.text !== undefined && !item.problem) box.append(marked(item));
  if (item.row) box.append(rowTable(item.row));
  if (item.problem) box.append(element("p", `${say("cannot_show")} ${item.problem}`, { className: "bad" }));
  if (item.cut) box.append(element("p", say("cut", { n: item.cut }), { className: "soft" }));
}

async function failed(box, url) {
  const answer = await fetch(url).then((found) => (found.ok ? null : found.json())).catch(() => null);
  box.replaceChildren(element("p", `${say("cannot_show")} ${answer?.error?.message || ""}`, { className: "bad" }));
}

/** A text with its spans marked. */
function marked(item) {
  const box = element("p", "", { className: "text", tabIndex: 0 });
  const characters = [...item.text]; // spans count characters as Python does
  let at = 0;
  for (const [start, end, label] of item.spans || []) {
    if (start < at) continue;
    const mark = element("mark", characters.slice(start, end).join(""));
    mark.append(element("small", label));
    box.append(characters.slice(at, start).join(""), mark);
    at = end;
  }
  box.append(characters.slice(at).join(""));
  return box;
}

function rowTable(row) {
  const table = element("table");
  for (const [name, value] of Object.entries(row)) {
    const line = table.insertRow();
    line.append(element("th", name, { scope: "row" }), element("td", value));
  }
  return table;
}
