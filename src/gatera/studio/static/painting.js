// Masks: the class of every pixel, corrected with brush and fill, by mouse, pen, finger or keys.
import { bytesOf } from "./ask.js";
import { element } from "./element.js";
import { ARROWS, share } from "./points.js";
import { say } from "./words.js";

export const MASK_KEYS = { brush: "b", erase: "e", fill: "v", like: "c", smaller: ",", bigger: ".", opacity: "o", draw: "d" };

export const tool = { name: "brush", size: 12, place: 1, opacity: 0.6 };

const ALIKE = 28; // colours are alike that differ by so much in each part
let mask = null;
let hooks = null;

/** Show a photo's mask over it. `given` has keep(item, bytes, base), flush() and tell(words). */
export async function showMask(frame, image, item, given) {
  hooks = given;
  const canvas = element("canvas", "", { tabIndex: 0, role: "application", ariaLabel: `${say("mask")}: ${item.name}` });
  const ring = element("i.ring", "", { hidden: true });
  const early = []; // what is done to the photo before its mask is there
  canvas.onpointerdown = canvas.onpointerup = (event) => early.push(event);
  frame.append(canvas, ring);
  if (mask?.item.i !== item.i || mask.v !== item.mask.v) {
    mask = null;
    const bytes = await bytesOf(`mask/${item.i}`).catch((error) => frame.after(element("p.bad", error.message)));
    if (!bytes || !canvas.isConnected) return;
    const end = bytes.indexOf(10);
    mask = { v: item.mask.v, pixels: bytes.slice(end + 1), ...JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) };
    mask.at = [mask.width >> 1, mask.height >> 1];
  }
  Object.assign(mask, { canvas, ring, image, item, pen: false });
  Object.assign(canvas, { width: mask.width, height: mask.height });
  mask.colours = new Uint32Array(mask.classes.map(([, hex]) => hex && 0xff000000 | parseInt(hex.slice(5) + hex.slice(3, 5) + hex.slice(1, 3), 16)));
  refresh();
  see();
  listen(canvas, ring, early);
}

export function choose(place, label) {
  tool.place = place;
  if (tool.name === "erase") tool.name = "brush";
  hooks?.tell(label);
}

export function use(action) {
  if (action === "draw") return mask?.canvas.focus();
  if (action === "smaller") tool.size = Math.max(1, Math.floor(tool.size / 1.3));
  else if (action === "bigger") tool.size = Math.min(999, Math.ceil(tool.size * 1.3));
  else if (action === "opacity") tool.opacity = (tool.opacity + 0.3) % 1.2;
  else tool.name = action;
  hooks?.tell(action === "opacity" ? `${say(action)}: ${Math.round(100 * tool.opacity)} %` : `${say(tool.name)}: ${tool.size}`);
  see();
}

export async function flush() {
  if (!mask?.dirty) return;
  const now = mask;
  now.dirty = false;
  try {
    const packed = new Blob([now.pixels]).stream().pipeThrough(new CompressionStream("gzip"));
    const answer = await hooks.keep(now.item, await new Response(packed).arrayBuffer(), now);
    if (answer.items[0]) Object.assign(now, answer.items[0].mask);
  } catch (error) {
    if (error.status === 409) now.v = null; // it was changed elsewhere
    else now.dirty = true;
    throw error;
  }
}

/** What is seen of an item's mask: the file, and the person's own drawing; null where it is not loaded. */
export function seen(item) {
  return mask?.item.i === item.i ? mask : null;
}

/** Give up what is not kept yet. */
export function drop() {
  if (mask) Object.assign(mask, { dirty: false, v: null });
}

const wide = () => tool.name === "brush" || tool.name === "erase";

function see() {
  if (!mask?.canvas) return;
  mask.canvas.style.opacity = tool.opacity;
  const percent = (x, n) => `${(100 * x) / n}%`;
  const [left, top] = [percent(mask.at[0] + 0.5, mask.width), percent(mask.at[1] + 0.5, mask.height)];
  Object.assign(mask.ring.style, { left, top, width: percent(wide() ? tool.size : 1, mask.width) });
}

function refresh(above = 0, below = mask.height) {
  const [top, bottom] = [Math.max(0, above), Math.min(mask.height, below)];
  const data = new ImageData(mask.width, bottom - top);
  const shown = new Uint32Array(data.data.buffer);
  for (let n = 0; n < shown.length; n += 1) shown[n] = mask.colours[mask.pixels[top * mask.width + n]];
  mask.canvas.getContext("2d").putImageData(data, 0, top);
}

function value() {
  return tool.name === "erase" ? Math.max(0, mask.ground) : Math.min(tool.place, mask.classes.length - 1);
}

function dot(x, y) {
  const reach = tool.size / 2;
  for (let row = Math.max(0, Math.ceil(y - reach)); row <= Math.min(mask.height - 1, y + reach); row += 1) {
    const half = Math.floor(Math.sqrt(reach * reach - (row - y) ** 2));
    mask.pixels.fill(value(), row * mask.width + Math.max(0, x - half), row * mask.width + Math.min(mask.width, x + half + 1));
  }
}

function stroke([x0, y0], [x1, y1]) {
  const steps = Math.max(1, Math.abs(x1 - x0), Math.abs(y1 - y0));
  for (let n = 0; n <= steps; n += 1) dot(Math.round(x0 + ((x1 - x0) * n) / steps), Math.round(y0 + ((y1 - y0) * n) / steps));
  mask.dirty = true;
  refresh(Math.min(y0, y1) - tool.size, Math.max(y0, y1) + tool.size);
}

/** Fill what hangs together: pixels of one class, or of colours like that of the photo there. */
function pour([x, y]) {
  const { pixels, width } = mask;
  const seed = y * width + x;
  const from = pixels[seed];
  const photo = tool.name === "like" && colours();
  const alike = (k) => (photo ? [0, 1, 2].every((c) => Math.abs(photo[4 * k + c] - photo[4 * seed + c]) <= ALIKE) : pixels[k] === from);
  const found = new Uint8Array(pixels.length);
  const open = [seed];
  while (open.length) {
    const k = open.pop();
    if (found[k] || !alike(k)) continue;
    found[k] = 1;
    open.push(k - width, k + width);
    if (k % width) open.push(k - 1);
    if ((k + 1) % width) open.push(k + 1);
  }
  for (let k = 0; k < pixels.length; k += 1) if (found[k]) pixels[k] = value();
  mask.dirty = true;
  refresh();
}

function colours() {
  const context = element("canvas", "", { width: mask.width, height: mask.height }).getContext("2d");
  context.drawImage(mask.image, 0, 0, mask.width, mask.height);
  return context.getImageData(0, 0, mask.width, mask.height).data;
}

function lower() {
  mask.pen = wide();
  if (mask.pen) stroke(mask.at, mask.at);
  else pour(mask.at);
}

function lift() {
  mask.pen = false;
  hooks.flush();
}

function moveTo(to) {
  if (mask.pen) stroke(mask.at, to);
  mask.at = to;
  see();
}

const sides = () => [mask.width, mask.height];

const inside = (point) => point.map((x, axis) => Math.floor(Math.min(sides()[axis] - 1, Math.max(0, x))));

function listen(canvas, ring, early) {
  const place = (event) => inside(share(event, canvas).map((x, axis) => x * sides()[axis]));
  canvas.onpointerdown = (event) => {
    if (event.button) return;
    event.preventDefault(); // the keys stay with the page
    if (!early.includes(event)) canvas.setPointerCapture(event.pointerId);
    moveTo(place(event));
    lower();
  };
  canvas.onpointermove = (event) => {
    ring.hidden = false;
    moveTo(place(event));
  };
  canvas.onpointerup = canvas.onpointercancel = lift;
  canvas.onpointerleave = () => (ring.hidden = document.activeElement !== canvas);
  canvas.onfocus = () => {
    ring.hidden = false;
    hooks.tell(say("draw_hint"));
  };
  canvas.onblur = () => {
    ring.hidden = true;
    lift();
  };
  canvas.onkeydown = byKey;
  for (const event of early) canvas[`on${event.type}`](event);
}

/** Arrows move, with Shift by the size of the brush; Space puts the brush down and lifts it. */
function byKey(event) {
  const step = ARROWS[event.key];
  if (event.key === "Escape") document.getElementById("work").focus();
  else if (event.key === " ") {
    if (!mask.pen && !event.repeat) lower();
    else if (!event.repeat) lift();
    if (!wide()) lift();
  } else if (step) {
    moveTo(inside(mask.at.map((x, axis) => x + (event.shiftKey ? tool.size : 1) * step[axis])));
    hooks.tell(`${mask.at.join(", ")}: ${mask.classes[mask.pixels[mask.at[1] * mask.width + mask.at[0]]][0]}`);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}
