// Photos for the browser to decode, without what some browsers act upon and others do not: colour profiles, gammas and orientations.
// WebKit turns neither PNG nor AVIF, and converts the colours of a PNG whatever it is asked for; the program takes colours as they are stored.

import { InputError } from "../errors.js";
import { exifOrientation, xmpOrientation } from "./orientation.js";
import { withChecksums } from "./uncommon.js";

const latin1 = new TextDecoder("latin1");

/** Chunks of a PNG that say what its colours mean, or how it lies. */
const LEFT_OUT = new Set(["iCCP", "gAMA", "cHRM", "sRGB", "cICP", "mDCV", "cLLI", "eXIf"]);

/** Bytes of a text in a PNG that are looked at. */
const MOST_TEXT = 1 << 20;

/** Boxes of an AVIF file in which turns lie, each in the one before. */
const AROUND_TURNS = ["meta", "iprp", "ipco"];

/** Return {whole, orientation}: the bytes of a file to give to the browser, and the orientation, 1 to 8, that is to be applied to what it decodes. */
export async function plainFile(bytes, kind) {
  if (kind === "png") return plainPng(withChecksums(bytes));
  if (kind === "webp") return plainWebp(bytes);
  return kind === "avif" ? plainAvif(bytes) : { whole: bytes, orientation: 1 };
}

// Source: the PNG specification, third edition.
async function plainPng(bytes) {
  const view = viewOf(bytes), kept = [bytes.subarray(0, 8)];
  let exif = null, raw = null, xmp = null, at = 8;
  while (at + 12 <= bytes.length) {
    const name = latin1.decode(bytes.subarray(at + 4, at + 8)), end = at + 12 + view.getUint32(at);
    if (end > bytes.length) break;
    const content = bytes.subarray(at + 8, end - 4);
    if (name === "eXIf") exif = exifOf(content);
    if (name === "zTXt" || name === "tEXt") raw ??= await rawProfile(name, content);
    if (name === "iTXt" && keyword(content) === "XML:com.adobe.xmp") xmp ??= xmpOrientation(content);
    if (!LEFT_OUT.has(name)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  kept.push(bytes.subarray(at));
  return { whole: joined(kept), orientation: exif ?? raw ?? xmp ?? 1 };
}

function keyword(content) {
  return latin1.decode(content.subarray(0, Math.max(0, content.indexOf(0))));
}

/** The orientation of EXIF data as ImageMagick keeps them in a text: a name, a length, and hexadecimal digits, on lines of their own. */
async function rawProfile(name, content) {
  if (keyword(content) !== "Raw profile type exif") return null;
  const start = content.indexOf(0) + 1;
  try {
    const text = name === "tEXt" ? latin1.decode(content.subarray(start)) : await inflated(content.subarray(start + 1));
    const digits = text.split("\n").slice(3).join("");
    return exifOf(Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16)));
  } catch (error) {
    if (error instanceof InputError) throw error;
    return null; // damaged: the photo is taken as it lies
  }
}

/** Return a text; a photo with more of it than the program reads is refused, as there: a small file may hold gigabytes of zeros. */
async function inflated(bytes) {
  const parts = [];
  let size = 0;
  for (const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return latin1.decode(joined(parts));
    parts.push(value);
    size += value.length;
    if (size > MOST_TEXT) {
      await reader.cancel();
      throw new InputError("damaged");
    }
  }
}

/** Return the orientation in a WebP file, and the file without it and without a profile. Source: the WebP container specification. */
function plainWebp(bytes) {
  const whole = bytes.slice(), view = viewOf(whole);
  let exif = null, xmp = null;
  for (let at = 12; at + 8 <= whole.length; ) {
    const name = latin1.decode(whole.subarray(at, at + 4)), size = view.getUint32(at + 4, true);
    const content = whole.subarray(at + 8, at + 8 + size);
    if (name === "EXIF") exif ??= exifOf(content);
    if (name === "XMP ") xmp ??= xmpOrientation(content);
    if (name === "VP8X" && size) whole[at + 8] &= ~0x2c; // the flags of the three
    if (["EXIF", "XMP ", "ICCP"].includes(name)) whole[at] = 0x78; // a chunk that no reader knows is passed over
    at += 8 + size + (size % 2);
  }
  return { whole, orientation: exif ?? xmp ?? 1 };
}

/**
 * Return the orientation in an AVIF file, and the file with a turn of nothing. Mirrored ones, and files of several turns, are left to the browser.
 * Source: ISO/IEC 23008-12, 6.5.10; a turn is counted in quarters against the clock.
 */
function plainAvif(bytes) {
  const view = viewOf(bytes), turns = [];
  let mirrored = false;
  const walk = (from, to, depth) => {
    for (let at = from; at + 8 <= to; ) {
      const size = view.getUint32(at), name = latin1.decode(bytes.subarray(at + 4, at + 8)), end = size === 0 ? to : at + size;
      if (size === 1 || end < at + 8 || end > to) return; // of 64 bits: not those that are looked for
      if (name === AROUND_TURNS[depth]) walk(at + (depth ? 8 : 12), end, depth + 1); // "meta" has a version
      if (name === "irot" && end > at + 8) turns.push(at + 8);
      if (name === "imir") mirrored = true;
      at = end;
    }
  };
  walk(0, bytes.length, 0);
  const quarters = new Set(turns.map((at) => bytes[at] & 3));
  if (mirrored || quarters.size !== 1) return { whole: bytes, orientation: 1 };
  const whole = bytes.slice(), [turn] = quarters;
  for (const at of turns) whole[at] &= ~3;
  return { whole, orientation: [1, 8, 3, 6][turn] };
}

/** The orientation of EXIF data, before which some programs write "Exif". */
function exifOf(bytes) {
  return exifOrientation(bytes[0] === 0x45 ? bytes.subarray(6) : bytes);
}

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function joined(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
