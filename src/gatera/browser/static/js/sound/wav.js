// Read WAV files: integers of 8 to 32 bits and floats, any number of channels: the twin of gatera/program/raw/wav.py.

import { InputError } from "../errors.js";

const WHOLE_NUMBERS = 1, FLOATS = 3, EXTENSIBLE = 0xfffe;
const LOWEST_RATE = 100, HIGHEST_RATE = 1_000_000;
const OPEN_END = 0x7fff_0000, WHOLE_ENOUGH = 0.99;

/** Whether bytes begin as a WAV file does. */
export function isWav(bytes) {
  return text(bytes, 0) === "RIFF" && text(bytes, 8) === "WAVE";
}

/** Return {channels: [Float32Array, ...], rate}; null for a format that is not plain samples. */
export function readWav(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let form = null;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const kind = text(bytes, at), size = view.getUint32(at + 4, true), start = at + 8;
    if (kind === "fmt " && size >= 16 && start + 16 <= bytes.length) form = formatOf(view, start, size);
    if (kind === "data" && form !== null) return samplesOf(view, form, start, dataSize(bytes, size, start));
    at = start + size + (size % 2);
  }
  throw new InputError("damaged_sound");
}

function text(bytes, at) {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

function formatOf(view, start, size) {
  let code = view.getUint16(start, true);
  if (code === EXTENSIBLE && size >= 26 && start + 26 <= view.byteLength) code = view.getUint16(start + 24, true);
  return { code, count: view.getUint16(start + 2, true), rate: view.getUint32(start + 4, true), frame: view.getUint16(start + 12, true) };
}

function dataSize(bytes, size, start) {
  const left = bytes.length - start;
  if (left < WHOLE_ENOUGH * size && size < OPEN_END) throw new InputError("damaged_sound");
  // a recorder that stopped before it wrote the length; but another chunk behind an empty one is no sound
  return size === 0 && !chunkFollows(bytes, start) ? left : Math.min(size, left);
}

/** Whether another chunk, whose size fits into the file, stands at a place. */
function chunkFollows(bytes, at) {
  if (at + 8 > bytes.length || !/^[0-9A-Za-z]+$/.test(text(bytes, at).replace(/^ +| +$/g, ""))) return false;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 4, true) <= bytes.length - at - 8;
}

function samplesOf(view, { code, count, rate, frame }, start, size) {
  if (!count || rate < LOWEST_RATE || rate > HIGHEST_RATE || !frame || frame % count) throw new InputError("damaged_sound");
  const read = sampleReader(view, code, frame / count);
  if (read === null) return null;
  const frames = Math.floor(size / frame), channels = Array.from({ length: count }, () => new Float32Array(frames));
  for (let i = 0, at = start; i < frames; i++) for (let c = 0; c < count; c++, at += frame / count) channels[c][i] = read(at);
  return { channels, rate };
}

function sampleReader(view, code, bytes) {
  if (code === FLOATS) return { 4: (at) => view.getFloat32(at, true), 8: (at) => view.getFloat64(at, true) }[bytes] ?? null;
  if (code !== WHOLE_NUMBERS) return null;
  return {
    1: (at) => (view.getUint8(at) - 128) / 128,
    2: (at) => view.getInt16(at, true) / 2 ** 15,
    3: (at) => ((view.getUint16(at, true) << 8) | (view.getInt8(at + 2) << 24)) / 2 ** 31,
    4: (at) => Math.fround(view.getInt32(at, true)) / 2 ** 31,
  }[bytes] ?? null;
}
