// Read JPEG files as libjpeg does, so that a photo has the same pixels here as in the program, in every browser.
// Baseline and progressive, 8 bits, grey, three colours or CMYK; `decodeJpeg` returns null for other kinds (lossless, arithmetic).
// Source: ITU-T T.81; the reduced sizes and the smooth upsampling are those of libjpeg-turbo.

import { must, readScan, ZIGZAG } from "./jpeg_scan.js";
import { idct } from "./jpeg_idct.js";
import { enlarged, inkToRgb, toRgb } from "./jpeg_colour.js";
import { exifOrientation, xmpOrientation } from "./orientation.js";

/** Whether bytes begin as a JPEG does. */
export function isJpeg(bytes) {
  return bytes.length > 2 && bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/** Return {width, height, orientation} of a JPEG as it is stored, or null if its head is not readable. */
export function jpegSize(bytes) {
  let exif = null, xmp = null;
  for (const { marker, start, end } of segments(bytes)) {
    if (marker === 0xe1) exif ??= orientationOf(bytes, start, end);
    if (marker === 0xe1) xmp ??= xmpOrientationOf(bytes, start, end);
    if (isFrame(marker)) {
      const height = (bytes[start + 1] << 8) | bytes[start + 2], width = (bytes[start + 3] << 8) | bytes[start + 4];
      return { width, height, orientation: exif ?? xmp ?? 1 };
    }
  }
  return null;
}

/**
 * Return {width, height, channels, data} at 1/`reduced` of the size (1, 2, 4 or 8), or null for a kind that is not read here.
 * Throws an Error if the file is truncated, or its head is damaged. Where the data are, the rest is what can be made of them, and
 * `damaged` says so: such pixels are not always those of libjpeg.
 */
export function decodeJpeg(bytes, reduced = 1) {
  const state = { quantisation: [], dc: [], ac: [], restart: 0, adobe: null, jfif: false, frame: null, damaged: false };
  let at = 2;
  for (;;) {
    const part = nextSegment(bytes, at);
    if (part === null) {
      // all is there but the end; of several scans it may be any of them that is missing
      if (!state.frame?.scans || state.frame.progressive) throw new Error("truncated");
      state.damaged = true;
      break;
    }
    at = part.end;
    if (part.marker === 0xd9) break;
    must(part.marker !== 0xd8);
    if (part.skipped) state.damaged = true;
    const known = readSegment(state, bytes, part);
    if (known === false) return null;
    if (part.marker === 0xda) at = readScan(state, bytes, part.start, part.end);
  }
  if (state.frame === null || !state.frame.scans) throw new Error("truncated");
  return picture(state, reduced);
}

function picture(state, reduced) {
  const { frame } = state;
  const size = 8 / reduced;
  const width = Math.ceil(frame.width / reduced), height = Math.ceil(frame.height / reduced);
  const planes = frame.components.map((component) => plane(component, frame, size, state.quantisation[component.table]));
  const damaged = state.damaged || planes.some(({ sound }) => !sound);
  const whole = planes.map((each) => enlarged(each, width, height, size > 1));
  if (whole.length === 1) return { width, height, channels: 1, data: whole[0], damaged };
  const colours = (whole.length === 4 ? isYcck(state) : isYcc(state)) ? toRgb : interleaved, data = colours(whole, width * height);
  if (whole.length === 4) inkToRgb(data, whole[3], isYcck(state));
  return { width, height, channels: 3, data, damaged };
}

/** Return the samples of one component: chroma that was stored smaller is computed larger where that suffices. */
function plane(component, frame, size, quantisation) {
  if (!quantisation) throw new Error("truncated");
  let own = size;
  while (own < 8 && (frame.maxH * size) % (component.h * own * 2) === 0 && (frame.maxV * size) % (component.v * own * 2) === 0) own *= 2;
  const width = Math.ceil((frame.width * component.h * own) / (frame.maxH * 8));
  const height = Math.ceil((frame.height * component.v * own) / (frame.maxV * 8));
  const stride = component.blocksAcross * own, samples = new Uint8Array(stride * component.blocksDown * own);
  const sound = idct(component, quantisation, own, samples, stride);
  return { sound, samples, stride, width, height, across: (frame.maxH * size) / (component.h * own), down: (frame.maxV * size) / (component.v * own) };
}

function isYcc({ frame, adobe, jfif }) {
  if (jfif) return true;
  if (adobe !== null) return adobe !== 0;
  const ids = frame.components.map((component) => component.id).join();
  return ids !== "82,71,66"; // "R", "G", "B"
}

/** Whether the first three of four components are YCbCr; else they are cyan, magenta and yellow. */
function isYcck({ adobe }) {
  return adobe !== null && adobe !== 0;
}

function interleaved(planes, count) {
  const data = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) for (let c = 0; c < 3; c++) data[3 * i + c] = planes[c][i];
  return data;
}

function isFrame(marker) {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function* segments(bytes) {
  let at = 2;
  for (let part = nextSegment(bytes, at); part !== null && part.marker !== 0xda && part.marker !== 0xd9; part = nextSegment(bytes, at)) {
    yield part;
    at = part.end;
  }
}

/** Return {marker, start, end} of the next segment; bytes that are no marker are passed over, as libjpeg does. */
function nextSegment(bytes, at) {
  const begin = at;
  while (at + 1 < bytes.length && !(bytes[at] === 0xff && bytes[at + 1] !== 0 && bytes[at + 1] !== 0xff)) at++;
  if (at + 1 >= bytes.length) return null;
  const marker = bytes[at + 1], start = at + 4;
  if (marker === 0xd8 || marker === 0xd9 || (marker >= 0xd0 && marker <= 0xd7) || marker === 0x01) return { marker, start: at + 2, end: at + 2, skipped: at - begin };
  if (start > bytes.length) return null;
  const end = at + 2 + ((bytes[at + 2] << 8) | bytes[at + 3]);
  return end > bytes.length ? null : { marker, start, end, skipped: at - begin };
}

/** Take in what a segment says; returns false for a kind of JPEG that is not read here. */
function readSegment(state, bytes, { marker, start, end }) {
  if (marker === 0xdb) readQuantisation(state, bytes, start, end);
  else if (marker === 0xc4) readHuffman(state, bytes, start, end);
  else if (marker === 0xdd) state.restart = (bytes[start] << 8) | bytes[start + 1];
  else if (marker === 0xe0) state.jfif ||= ascii(bytes, start, 4) === "JFIF";
  else if (marker === 0xee && ascii(bytes, start, 5) === "Adobe") state.adobe = bytes[start + 11];
  else if (isFrame(marker)) return readFrame(state, bytes, start, marker, end);
  else if (marker === 0xcc) return false; // arithmetic coding
  return true;
}

function readQuantisation(state, bytes, start, end) {
  for (let at = start; at < end; ) {
    const wide = bytes[at] >> 4, table = new Int32Array(64);
    const place = bytes[at++] & 15;
    must(place < 4 && at + (wide ? 128 : 64) <= end);
    for (let i = 0; i < 64; i++) {
      table[ZIGZAG[i]] = wide ? (bytes[at] << 8) | bytes[at + 1] : bytes[at];
      at += wide ? 2 : 1;
    }
    state.quantisation[place] = table;
  }
}

function readHuffman(state, bytes, start, end) {
  for (let at = start; at + 17 <= end; ) {
    const head = bytes[at++], counts = bytes.subarray(at, at + 16);
    at += 16;
    const total = counts.reduce((sum, count) => sum + count, 0);
    must((head & 15) < 4 && head >> 4 < 2 && total <= 256 && at + total <= end);
    (head >> 4 ? state.ac : state.dc)[head & 15] = huffmanTable(counts, bytes.subarray(at, at + total));
    at += total;
  }
}

/** A table of 65,536 entries, one for each next 16 bits: length << 8 | symbol; 0 where no code fits. */
function huffmanTable(counts, symbols) {
  const table = new Uint16Array(1 << 16);
  let code = 0, used = 0;
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < counts[length - 1]; i++, code++) {
      const first = code << (16 - length);
      table.fill((length << 8) | symbols[used++], first, first + (1 << (16 - length)));
    }
    must(code <= 1 << length);
    code <<= 1;
  }
  return table;
}

function readFrame(state, bytes, start, marker, end) {
  if (marker > 0xc2 || bytes[start] !== 8) return false;
  const height = (bytes[start + 1] << 8) | bytes[start + 2], width = (bytes[start + 3] << 8) | bytes[start + 4];
  const count = bytes[start + 5];
  must(state.frame === null && width && height && end - start === 6 + 3 * count);
  if (count !== 1 && count !== 3 && count !== 4) return false;
  const components = [];
  for (let i = 0, at = start + 6; i < count; i++, at += 3) {
    components.push({ id: bytes[at], h: bytes[at + 1] >> 4, v: bytes[at + 1] & 15, table: bytes[at + 2] });
  }
  must(components.every((each) => each.h && each.v && each.h <= 4 && each.v <= 4));
  const maxH = Math.max(...components.map((each) => each.h)), maxV = Math.max(...components.map((each) => each.v));
  if (components.some((each) => maxH % each.h || maxV % each.v)) return false;
  const across = Math.ceil(width / (8 * maxH)), down = Math.ceil(height / (8 * maxV));
  for (const each of components) {
    each.blocksAcross = across * each.h;
    each.blocksDown = down * each.v;
    each.ownAcross = Math.ceil((width * each.h) / (8 * maxH));
    each.ownDown = Math.ceil((height * each.v) / (8 * maxV));
    each.coefficients = new Int16Array(each.blocksAcross * each.blocksDown * 64);
  }
  state.frame = { width, height, maxH, maxV, across, down, components, progressive: marker === 0xc2, scans: 0 };
  return true;
}

function ascii(bytes, at, length) {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function orientationOf(bytes, start, end) {
  return ascii(bytes, start, 6) === "Exif\0\0" ? exifOrientation(bytes.subarray(start + 6, end)) : null;
}

function xmpOrientationOf(bytes, start, end) {
  return ascii(bytes, start, 5) === "http:" ? xmpOrientation(bytes.subarray(start, end)) : null;
}
