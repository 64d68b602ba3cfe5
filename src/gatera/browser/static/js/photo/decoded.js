// Photos that the browser decodes: PNG, GIF, BMP, WebP, AVIF, and what it knows besides. It can only be asked for their pixels through
// a canvas, which some browsers limit in size, and some falsify so that pages cannot tell machines apart: both are noticed.

import { InputError } from "../errors.js";
import { plainFile } from "./plain_file.js";

const MAX_PIXELS = 178_956_970;

/** The greatest difference of a level that counts as altered; above it pixels are hidden, white or noise. */
const SLIGHT = 2;

/** Throw an InputError if a photo has more pixels than the program takes. */
export function checkSize(width, height) {
  if (width * height > MAX_PIXELS) throw new InputError("too_large");
}

/** Return {stored, orientation, size} as for JPEGs; transparent parts are white. `stored.altered`: the browser falsifies pixels a little. */
export async function fromBrowser(bytes) {
  const known = format(bytes);
  if (known === "tiff") throw new InputError("tiff");
  if (known === "icon") throw new InputError("unknown_photo"); // the program does not read them
  if (known === "png" && bytes[24] === 16) throw new InputError("deep");
  const { whole, orientation } = await plainFile(bytes, known);
  let bitmap;
  try {
    bitmap = await createImageBitmap(new Blob([whole]), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  } catch {
    throw new InputError(known === null || known === "avif" ? "unknown_photo" : "damaged"); // not every browser reads AVIF
  }
  const { width, height } = bitmap;
  checkSize(width, height);
  const falsified = falsification(); // before anything else is made of what is read: noise may look like an empty canvas
  if (falsified > SLIGHT) throw new InputError("hidden_pixels");
  const rgba = pixelsOf(bitmap);
  bitmap.close();
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, at = 0; from < rgba.length; from += 4) {
    data[at++] = rgba[from];
    data[at++] = rgba[from + 1];
    data[at++] = rgba[from + 2];
  }
  const stored = { width, height, channels: 3, data, altered: falsified > 0 };
  return { stored, orientation, size: [height, width] };
}

/** What every browser reads, by its first bytes, or "icon" or "tiff"; null for anything else. */
function format(bytes) {
  const head = String.fromCharCode(...bytes.subarray(0, 12));
  if (head.startsWith("\x89PNG")) return "png";
  if (head.startsWith("RIFF") && head.endsWith("WEBP")) return "webp";
  if (head.startsWith("GIF8")) return "gif";
  if (head.startsWith("BM")) return "bmp";
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return "tiff";
  if (/^....ftyp(avi[fs]|mif1)$/s.test(head)) return "avif";
  return /^\0\0[\x01\x02]\0/.test(head) ? "icon" : null;
}

function pixelsOf(bitmap) {
  const { width, height } = bitmap, context = canvasOf(width, height);
  if (context === null) throw new InputError("too_large");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0);
  let rgba;
  try {
    rgba = context.getImageData(0, 0, width, height).data;
  } catch {
    throw new InputError("too_large");
  }
  // a canvas above the browser's limit stays empty, without a word
  if (rgba[3] !== 255 || rgba.at(-1) !== 255) throw new InputError("too_large");
  return rgba;
}

function canvasOf(width, height) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  return canvas.getContext("2d", { willReadFrequently: true });
}

/** By how many levels the browser falsifies pixels: the largest difference in a picture that is known. */
function falsification() {
  const side = 64, context = canvasOf(side, side), known = context.createImageData(side, side);
  for (let i = 0; i < known.data.length; i++) known.data[i] = i % 4 === 3 ? 255 : (i * 101 + (i >> 8) * 37) % 256;
  context.putImageData(known, 0, 0);
  const found = context.getImageData(0, 0, side, side).data;
  return known.data.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0);
}
