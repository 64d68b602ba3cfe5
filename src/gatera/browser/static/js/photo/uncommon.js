// Photos that the program reads and browsers refuse: PPM and PGM, and PNGs whose checksums of pixels are wrong.

import { InputError } from "../errors.js";

/** Return {width, height, channels, pixels()} of a PGM or PPM file with 8 bits, null for anything else. Source: the formats' manual pages, "ppm" and "pgm". */
export function fromNetpbm(bytes) {
  if (bytes[0] !== 0x50 || (bytes[1] !== 0x35 && bytes[1] !== 0x36)) return null;
  // three numbers, with blanks and comments between, and one blank behind them
  const head = /^P[56](?:\s+(?:#[^\n]*\n\s*)*(\d{1,9}))(?:\s+(?:#[^\n]*\n\s*)*(\d{1,9}))(?:\s+(?:#[^\n]*\n\s*)*(\d{1,9}))\s/.exec(new TextDecoder("latin1").decode(bytes.subarray(0, 2_000)));
  if (head === null) return null;
  const [width, height, most] = head.slice(1).map(Number), channels = bytes[1] === 0x36 ? 3 : 1;
  if (!width || !height || !most) throw new InputError("damaged");
  if (most > 255) throw new InputError("deep");
  return { width, height, channels, pixels: () => levels(bytes.subarray(head[0].length), width * height * channels, most) };
}

function levels(given, count, most) {
  if (given.length < count) throw new InputError("damaged");
  const table = Uint8Array.from({ length: 256 }, (_, value) => Math.min(255, halfToEven((value / most) * 255)));
  return given.subarray(0, count).map((value) => table[value]);
}

function halfToEven(x) {
  const below = Math.floor(x), rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2) ? below + 1 : below;
}

/** Return a PNG whose chunks of pixels have the checksums that they should have: the program does not look at those. */
export function withChecksums(bytes) {
  const made = bytes.slice(), view = new DataView(made.buffer);
  for (let at = 8; at + 12 <= made.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > made.length) break;
    if (String.fromCharCode(...made.subarray(at + 4, at + 8)) === "IDAT") view.setUint32(end, crc32(made.subarray(at + 4, end)));
    at = end + 4;
  }
  return made;
}

/** What the checksum of PNG chunks is computed with. Source: the PNG specification, annex D. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let c = byte;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

function crc32(bytes) {
  let c = 0xffffffff;
  for (const byte of bytes) c = TABLE[(c ^ byte) & 255] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}
