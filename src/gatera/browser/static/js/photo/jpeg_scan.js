// The entropy-coded part of a JPEG: Huffman codes become coefficients. Baseline and progressive. Source: ITU-T T.81, annexes F, G.

/** Throw the error of a damaged file unless something holds that libjpeg asks for. */
export function must(holds) {
  if (!holds) throw new Error("damaged");
}

/** Where the coefficients of a block stand, in the order in which they are stored. */
export const ZIGZAG = new Uint8Array([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
]);

/** Bits of a scan; a marker ends them, after which there are zeros, as libjpeg has it. */
class Bits {
  constructor(bytes, at) {
    this.bytes = bytes;
    this.at = at;
    this.held = 0;
    this.count = 0;
    this.beyond = 0;
    this.damaged = false;
  }

  /** Whether fewer bits were read than there are before the next marker (but for those that fill up its last byte), or more. */
  get uneven() {
    const left = this.count - 8 * this.beyond;
    return left < 0 || left > 7;
  }

  /** Hold at least `n` bits, 1 to 16. */
  fill(n) {
    while (this.count < n) {
      let next = 0;
      if (this.at >= this.bytes.length) throw new Error("truncated");
      if (this.bytes[this.at] !== 0xff) next = this.bytes[this.at++];
      else if (this.bytes[this.at + 1] === 0) {
        next = 0xff;
        this.at += 2;
      } else if (this.at + 1 >= this.bytes.length) throw new Error("truncated");
      else if (this.bytes[this.at + 1] === 0xff) {
        this.at++;
        continue;
      } else this.beyond++;
      this.held = ((this.held << 8) | next) & 0xffffff;
      this.count += 8;
    }
  }

  read(n) {
    if (n === 0) return 0;
    if (this.count < n) this.fill(n);
    this.count -= n;
    return (this.held >> this.count) & ((1 << n) - 1);
  }

  symbol(table) {
    if (this.count < 16) this.fill(16);
    const found = table[(this.held >> (this.count - 16)) & 0xffff];
    if (found === 0) this.damaged = true;
    this.count -= found >> 8 || 16;
    return found & 255;
  }

  /** Read a number of `n` bits whose first tells its sign. */
  signed(n) {
    if (n === 0) return 0;
    const value = this.read(n);
    return value < 1 << (n - 1) ? value - (1 << n) + 1 : value;
  }

  /** Go on behind the next restart marker; false where another marker comes first. */
  restart() {
    this.damaged ||= this.uneven;
    this.count = this.held = this.beyond = 0;
    const { bytes } = this;
    while (this.at + 1 < bytes.length && !(bytes[this.at] === 0xff && bytes[this.at + 1] !== 0 && bytes[this.at + 1] !== 0xff)) this.at++;
    if (this.at + 1 >= bytes.length) throw new Error("truncated");
    if (bytes[this.at + 1] < 0xd0 || bytes[this.at + 1] > 0xd7) {
      this.damaged = true;
      return false;
    }
    this.at += 2;
    return true;
  }
}

/** Read one scan into the components' coefficients; returns where the bytes after it begin. */
export function readScan(state, bytes, start, end) {
  const { frame } = state;
  must(frame !== null);
  const count = bytes[start], parts = [];
  must(count >= 1 && count <= frame.components.length && end - start === 4 + 2 * count);
  for (let i = 0; i < count; i++) {
    const component = frame.components.find((each) => each.id === bytes[start + 1 + 2 * i]);
    const tables = bytes[start + 2 + 2 * i];
    must(component && parts.every((part) => part.component !== component));
    parts.push({ component, dc: state.dc[tables >> 4], ac: state.ac[tables & 15], last: 0 });
  }
  const at = start + 1 + 2 * count;
  const scan = { first: bytes[at], final: bytes[at + 1], high: bytes[at + 2] >> 4, low: bytes[at + 2] & 15, endOfBand: 0 };
  if (frame.progressive) checkProgression(scan, count);
  for (const { dc, ac } of parts) must((dc || scan.first > 0 || scan.high > 0) && (ac || (frame.progressive && scan.first === 0)));
  const bits = new Bits(bytes, end);
  const block = blockReader(frame.progressive, scan);
  walk(state, parts, bits, scan, block);
  frame.scans++;
  state.damaged ||= bits.damaged || bits.uneven;
  return bits.at;
}

function checkProgression({ first, final, high, low }, count) {
  must(first === 0 ? final === 0 : final >= first && final < 64 && count === 1);
  must(low <= 13 && (high === 0 || high - 1 === low));
}

/** Call `block` for every block of a scan, in the order in which they are stored. */
function walk(state, parts, bits, scan, block) {
  const { frame, restart } = state;
  const single = parts.length === 1;
  const across = single ? parts[0].component.ownAcross : frame.across;
  const down = single ? parts[0].component.ownDown : frame.down;
  let left = restart || Infinity;
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across; column++) {
      if (left === 0) {
        if (!bits.restart()) return;
        left = restart;
        scan.endOfBand = 0;
        for (const part of parts) part.last = 0;
      }
      left--;
      for (const part of parts) {
        const { component } = part;
        const h = single ? 1 : component.h, v = single ? 1 : component.v;
        for (let y = 0; y < v; y++) {
          for (let x = 0; x < h; x++) block(part, bits, ((row * v + y) * component.blocksAcross + column * h + x) * 64);
        }
      }
    }
    // a marker stands where there should be more: of a damaged file the rest stays grey
    if (bits.beyond > 64 && !restart) return;
  }
}

function blockReader(progressive, scan) {
  if (!progressive) return baseline;
  if (scan.first === 0) return scan.high ? (part, bits, at) => dcAgain(part, bits, at, scan) : (part, bits, at) => dcFirst(part, bits, at, scan);
  return scan.high ? (part, bits, at) => acAgain(part, bits, at, scan) : (part, bits, at) => acFirst(part, bits, at, scan);
}

function baseline(part, bits, at) {
  const { coefficients } = part.component;
  part.last += bits.signed(bits.symbol(part.dc));
  coefficients[at] = part.last;
  for (let k = 1; k < 64; k++) {
    const symbol = bits.symbol(part.ac), run = symbol >> 4, size = symbol & 15;
    if (size === 0) {
      if (run < 15) break;
      k += 15;
      continue;
    }
    k += run;
    const value = bits.signed(size);
    if (k < 64) coefficients[at + ZIGZAG[k]] = value;
    else bits.damaged = true;
  }
}

function dcFirst(part, bits, at, scan) {
  part.last += bits.signed(bits.symbol(part.dc));
  part.component.coefficients[at] = part.last << scan.low;
}

function dcAgain(part, bits, at, scan) {
  if (bits.read(1)) part.component.coefficients[at] |= 1 << scan.low;
}

function acFirst(part, bits, at, scan) {
  if (scan.endOfBand > 0) {
    scan.endOfBand--;
    return;
  }
  const { coefficients } = part.component;
  for (let k = scan.first; k <= scan.final; k++) {
    const symbol = bits.symbol(part.ac), run = symbol >> 4, size = symbol & 15;
    if (size === 0) {
      if (run < 15) {
        scan.endOfBand = (1 << run) - 1 + bits.read(run);
        break;
      }
      k += 15;
      continue;
    }
    k += run;
    const value = bits.signed(size);
    if (k < 64) coefficients[at + ZIGZAG[k]] = value * (1 << scan.low);
    else bits.damaged = true;
  }
}

function acAgain(part, bits, at, scan) {
  const { coefficients } = part.component, plus = 1 << scan.low, minus = -plus;
  let k = scan.first;
  if (scan.endOfBand === 0) {
    for (; k <= scan.final; k++) {
      const symbol = bits.symbol(part.ac), size = symbol & 15;
      let run = symbol >> 4, value = 0;
      if (size) value = bits.read(1) ? plus : minus;
      else if (run < 15) {
        scan.endOfBand = (1 << run) + bits.read(run);
        break;
      }
      k = passOver(coefficients, at, k, scan, bits, run, plus, minus);
      if (value && k < 64) coefficients[at + ZIGZAG[k]] = value;
    }
  }
  if (scan.endOfBand > 0) {
    passOver(coefficients, at, k, scan, bits, Infinity, plus, minus);
    scan.endOfBand--;
  }
}

/** Refine what is not zero yet, passing over `run` zeros; returns the place of the zero that follows. */
function passOver(coefficients, at, k, scan, bits, run, plus, minus) {
  for (; k <= scan.final; k++) {
    const place = at + ZIGZAG[k];
    if (coefficients[place] === 0) {
      if (run-- === 0) break;
    } else if (bits.read(1) && (coefficients[place] & plus) === 0) {
      coefficients[place] += coefficients[place] >= 0 ? plus : minus;
    }
  }
  return k;
}
