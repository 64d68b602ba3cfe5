// Bring stored colour planes to full size, and YCbCr to RGB, in the whole numbers of libjpeg.

/** Return a plane of `width` x `height`, its rows without gaps; `smooth` interpolates where it was stored at half size. */
export function enlarged(plane, width, height, smooth) {
  const { across, down } = plane;
  if (across === 1 && down === 1) return cut(plane, width, height);
  // between two or fewer columns there is nothing to interpolate
  const fancy = smooth && (across === 1 || plane.width > 2);
  if (fancy && across === 2 && down === 1) return doubledAcross(plane, width, height);
  if (fancy && across === 2 && down === 2) return doubled(plane, width, height);
  if (fancy && across === 1 && down === 2) return doubledDown(plane, width, height);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / down) * plane.stride;
    for (let x = 0; x < width; x++) out[y * width + x] = plane.samples[row + Math.floor(x / across)];
  }
  return out;
}

function cut(plane, width, height) {
  if (plane.stride === width) return plane.samples.subarray(0, width * height);
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) out.set(plane.samples.subarray(y * plane.stride, y * plane.stride + width), y * width);
  return out;
}

function doubledAcross({ samples, stride, width: own }, width, height) {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = y * stride;
    for (let x = 0; x < width; x++) {
      const i = x >> 1, here = samples[row + i];
      if (x & 1) out[y * width + x] = i + 1 < own ? (3 * here + samples[row + i + 1] + 2) >> 2 : here;
      else out[y * width + x] = i > 0 ? (3 * here + samples[row + i - 1] + 1) >> 2 : here;
    }
  }
  return out;
}

function doubledDown({ samples, stride, height: own }, width, height) {
  const out = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const near = y >> 1, other = beside(y, own), bias = y & 1 ? 2 : 1;
    for (let x = 0; x < width; x++) out[y * width + x] = (3 * samples[near * stride + x] + samples[other * stride + x] + bias) >> 2;
  }
  return out;
}

function doubled({ samples, stride, width: own, height: ownHeight }, width, height) {
  const out = new Uint8Array(width * height), sums = new Int32Array(own);
  for (let y = 0; y < height; y++) {
    const near = (y >> 1) * stride, other = beside(y, ownHeight) * stride;
    for (let i = 0; i < own; i++) sums[i] = 3 * samples[near + i] + samples[other + i];
    for (let x = 0; x < width; x++) {
      const i = x >> 1;
      let value;
      if (x & 1) value = i + 1 < own ? 3 * sums[i] + sums[i + 1] + 7 : 4 * sums[i] + 7;
      else value = i > 0 ? 3 * sums[i] + sums[i - 1] + 8 : 4 * sums[i] + 8;
      out[y * width + x] = value >> 4;
    }
  }
  return out;
}

/** The row of a half-size plane that is second nearest to row `y` of the picture; at its edges the same one. */
function beside(y, own) {
  const row = (y >> 1) + (y & 1 ? 1 : -1);
  return Math.min(own - 1, Math.max(0, row));
}

/** Return RGB, three bytes a pixel, of the planes Y, Cb and Cr. */
export function toRgb([luma, cb, cr], count) {
  const red = new Int32Array(256), blue = new Int32Array(256), greenR = new Int32Array(256), greenB = new Int32Array(256);
  for (let i = 0; i < 256; i++) {
    const x = i - 128;
    red[i] = (91881 * x + 32768) >> 16;
    blue[i] = (116130 * x + 32768) >> 16;
    greenR[i] = -46802 * x;
    greenB[i] = -22554 * x + 32768;
  }
  const data = new Uint8ClampedArray(count * 3);
  for (let i = 0, at = 0; i < count; i++, at += 3) {
    const y = luma[i];
    data[at] = y + red[cr[i]];
    data[at + 1] = y + ((greenB[cb[i]] + greenR[cr[i]]) >> 16);
    data[at + 2] = y + blue[cb[i]];
  }
  return new Uint8Array(data.buffer);
}

/** Make RGB, in place, of cyan, magenta and yellow, and of what is stored for black (255 for none); as Pillow does. */
export function inkToRgb(data, light, asInk) {
  for (let at = 0; at < data.length; at++) {
    const most = light[Math.floor(at / 3)], ink = (asInk ? data[at] : 255 - data[at]) * most + 128;
    data[at] = most - (((ink >> 8) + ink) >> 8);
  }
}
