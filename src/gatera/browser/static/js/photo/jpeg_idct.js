// From coefficients to samples: blocks of 8, 4, 2 or 1 pixels a side, in the whole numbers of libjpeg's "islow" and reduced methods.
// Source: Loeffler, Ligtenberg and Moschytz 1989; libjpeg's jidctint and jidctred compute the same numbers.

const BITS = 13, PASS = 2;

/** Larger coefficients are not those of samples of 8 bits: only damaged files have them, and each library overflows in its own way. */
const LARGEST = 2200;

/**
 * Write all blocks of a component, `size` pixels a side, into `samples`, whose rows are `stride` apart.
 * Returns whether no coefficient is beyond what a photo can have.
 */
export function idct(component, quantisation, size, samples, stride) {
  const method = { 8: eight, 4: four, 2: two, 1: one }[size];
  const block = new Int32Array(64), work = new Int32Array(64);
  const { coefficients, blocksAcross, blocksDown } = component;
  let most = 0;
  for (let row = 0, at = 0; row < blocksDown; row++) {
    for (let column = 0; column < blocksAcross; column++, at += 64) {
      for (let i = 0; i < 64; i++) {
        block[i] = coefficients[at + i] * quantisation[i];
        if (block[i] > most || -block[i] > most) most = Math.abs(block[i]);
      }
      method(block, work, samples, row * size * stride + column * size, stride);
    }
  }
  return most <= LARGEST;
}

function clamp(value) {
  return value < -128 ? 0 : value > 127 ? 255 : value + 128;
}

function scaled(value, bits) {
  return (value + (1 << (bits - 1))) >> bits;
}

const A = new Int32Array(8); // the eight results of one row or column

/** One pass over eight values: results in `A`, 2^13 times as large. */
function pass(b, at, step) {
  const b0 = b[at], b1 = b[at + step], b2 = b[at + 2 * step], b3 = b[at + 3 * step];
  const b4 = b[at + 4 * step], b5 = b[at + 5 * step], b6 = b[at + 6 * step], b7 = b[at + 7 * step];
  let z1 = (b2 + b6) * 4433;
  const t2 = z1 - b6 * 15137, t3 = z1 + b2 * 6270;
  const t0 = (b0 + b4) * 8192, t1 = (b0 - b4) * 8192;
  const e0 = t0 + t3, e3 = t0 - t3, e1 = t1 + t2, e2 = t1 - t2;
  const z5 = (b7 + b3 + b5 + b1) * 9633;
  z1 = -(b7 + b1) * 7373;
  const z2 = -(b5 + b3) * 20995, z3 = -(b7 + b3) * 16069 + z5, z4 = -(b5 + b1) * 3196 + z5;
  const o0 = b7 * 2446 + z1 + z3, o1 = b5 * 16819 + z2 + z4, o2 = b3 * 25172 + z2 + z3, o3 = b1 * 12299 + z1 + z4;
  A[0] = e0 + o3;
  A[7] = e0 - o3;
  A[1] = e1 + o2;
  A[6] = e1 - o2;
  A[2] = e2 + o1;
  A[5] = e2 - o1;
  A[3] = e3 + o0;
  A[4] = e3 - o0;
}

function eight(block, work, samples, at, stride) {
  for (let x = 0; x < 8; x++) {
    pass(block, x, 8);
    for (let y = 0; y < 8; y++) work[8 * y + x] = scaled(A[y], BITS - PASS);
  }
  for (let y = 0; y < 8; y++, at += stride) {
    pass(work, 8 * y, 1);
    for (let x = 0; x < 8; x++) samples[at + x] = clamp(scaled(A[x], BITS + PASS + 3));
  }
}

function passFour(b, at, step) {
  const b1 = b[at + step], b2 = b[at + 2 * step], b3 = b[at + 3 * step];
  const b5 = b[at + 5 * step], b6 = b[at + 6 * step], b7 = b[at + 7 * step];
  const t0 = b[at] * 16384, t2 = b2 * 15137 - b6 * 6270;
  const low = -b7 * 1730 + b5 * 11893 - b3 * 17799 + b1 * 8697;
  const high = -b7 * 4176 - b5 * 4926 + b3 * 7373 + b1 * 20995;
  A[0] = t0 + t2 + high;
  A[3] = t0 + t2 - high;
  A[1] = t0 - t2 + low;
  A[2] = t0 - t2 - low;
}

function four(block, work, samples, at, stride) {
  for (let x = 0; x < 8; x++) {
    if (x === 4) continue;
    passFour(block, x, 8);
    for (let y = 0; y < 4; y++) work[8 * y + x] = scaled(A[y], BITS - PASS + 1);
  }
  for (let y = 0; y < 4; y++, at += stride) {
    passFour(work, 8 * y, 1);
    for (let x = 0; x < 4; x++) samples[at + x] = clamp(scaled(A[x], BITS + PASS + 4));
  }
}

function passTwo(b, at, step) {
  const t0 = b[at] * 32768;
  const odd = -b[at + 7 * step] * 5906 + b[at + 5 * step] * 6967 - b[at + 3 * step] * 10426 + b[at + step] * 29692;
  A[0] = t0 + odd;
  A[1] = t0 - odd;
}

function two(block, work, samples, at, stride) {
  for (const x of [0, 1, 3, 5, 7]) {
    passTwo(block, x, 8);
    work[x] = scaled(A[0], BITS - PASS + 2);
    work[8 + x] = scaled(A[1], BITS - PASS + 2);
  }
  for (let y = 0; y < 2; y++, at += stride) {
    passTwo(work, 8 * y, 1);
    samples[at] = clamp(scaled(A[0], BITS + PASS + 5));
    samples[at + 1] = clamp(scaled(A[1], BITS + PASS + 5));
  }
}

function one(block, _work, samples, at) {
  samples[at] = clamp(scaled(block[0], 3));
}
