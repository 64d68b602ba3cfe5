// Read a photo as a person would see it: upright, 8 bits, colours or grey, transparent parts white: the twin of
// gatera/program/raw/photo.py. JPEGs, PPM and PGM are decoded here, so that every browser sees the same pixels; other formats by the browser.

import { bytesOf } from "../bytes.js";
import { InputError } from "../errors.js";
import { checkSize, fromBrowser } from "./decoded.js";
import { decodeJpeg, isJpeg, jpegSize } from "./jpeg.js";
import { upright } from "./orientation.js";
import { fromNetpbm } from "./uncommon.js";

/**
 * Return {photo, size}: the pixels {width, height, channels, data}, and [height, width] of the whole photo, upright.
 * A note is taken of a file whose data are damaged: the program may see other pixels there.
 */
export async function readPhoto(source, { mode = "RGB", at_least = null }, notes) {
  const bytes = await bytesOf(source);
  const { stored, orientation, size } = (isJpeg(bytes) && fromJpeg(bytes, at_least)) || plain(bytes) || (await fromBrowser(bytes));
  if (stored.damaged) notes.push({ code: "damaged_data", details: {} });
  if (stored.altered) notes.push({ code: "altered_pixels", details: {} });
  return { photo: upright(inMode(stored, mode), orientation), size: orientation >= 5 ? [size[1], size[0]] : size };
}

function fromJpeg(bytes, atLeast) {
  const head = jpegSize(bytes);
  if (head === null || !head.width || !head.height) throw new InputError("damaged");
  const { width, height, orientation } = head;
  checkSize(width, height);
  let stored;
  try {
    stored = decodeJpeg(bytes, atLeast === null ? 1 : reduction(width, height, Math.max(...atLeast)));
  } catch (err) {
    throw new InputError("damaged", { why: err.message });
  }
  return stored && { stored, orientation, size: [height, width] };
}

function plain(bytes) {
  const found = fromNetpbm(bytes);
  if (found === null) return null;
  const { width, height, channels, pixels } = found;
  checkSize(width, height);
  return { stored: { width, height, channels, data: pixels() }, orientation: 1, size: [height, width] };
}

/** By how much a JPEG may be reduced while it is decoded, as the program does: 1, 2, 4 or 8. */
function reduction(width, height, side) {
  const most = Math.min(Math.floor(width / side), Math.floor(height / side));
  return [8, 4, 2].find((each) => most >= each) ?? 1;
}

function inMode(photo, mode) {
  const channels = mode === "L" ? 1 : 3;
  if (photo.channels === channels) return photo;
  const { width, height, data } = photo, count = width * height, out = new Uint8Array(count * channels);
  if (channels === 3) for (let i = 0; i < out.length; i++) out[i] = data[Math.floor(i / 3)];
  // ITU-R 601-2, in Pillow's fixed point
  else for (let i = 0, at = 0; i < count; i++, at += 3) out[i] = (19595 * data[at] + 38470 * data[at + 1] + 7471 * data[at + 2] + 0x8000) >> 16;
  return { width, height, channels, data: out };
}
