// Resize, crop and pad photos exactly as Pillow does, to the last bit: the twin of gatera/program/raw/resize.py.
// A photo is {width, height, channels, data}: 1 or 3 bytes a pixel, rows from the top.
// Source: Pillow's Resample.c (weights in fixed point, two passes, rounded to bytes in between).

import { InputError } from "../errors.js";
import { box, cover, fitInside, middle, shorterSide, squish } from "./placement.js";

const MOST_PIXELS = 1 << 26;
const PRECISION = 22;

const FILTERS = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: {
    support: 2,
    weight(x) {
      const d = Math.abs(x), a = -0.5;
      if (d < 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    },
  },
};

export function resizePhoto(photo, { size, method = "crop", pad_mode = "reflection", resample = "bilinear" }) {
  const [scaling, padding] = resizeSteps([photo.height, photo.width], size, method);
  const scaled = scaledTo(photo, scaling.size, resample, box(scaling));
  return padding ? padded(scaled, padding, pad_mode) : scaled;
}

export function resizeSteps(size, to, method) {
  if (method === "squish") return [squish(size, to)];
  if (method === "crop") return [cover(size, to)];
  const scaling = fitInside(size, to);
  return [scaling, middle(scaling.size, to)];
}

export function resizeShorter(photo, { size, resample = "bilinear" }) {
  const scaling = shorterSide([photo.height, photo.width], size);
  if (scaling.size[0] * scaling.size[1] > MOST_PIXELS) throw new InputError("too_long", { height: photo.height, width: photo.width });
  return scaledTo(photo, scaling.size, resample, [0, 0, photo.width, photo.height]);
}

export function centerCrop(photo, { size, pad_mode = "zeros" }) {
  const place = middle([photo.height, photo.width], size);
  const [left, top, right, bottom] = box(place);
  return padded(cropped(photo, Math.max(0, left), Math.max(0, top), right, bottom), place, pad_mode);
}

function cropped({ width, channels, data }, left, top, right, bottom) {
  const found = { width: right - left, height: bottom - top, channels, data: new Uint8Array((right - left) * (bottom - top) * channels) };
  const row = found.width * channels;
  for (let y = 0; y < found.height; y++) {
    const from = ((top + y) * width + left) * channels;
    found.data.set(data.subarray(from, from + row), y * row);
  }
  return found;
}

/** Fill a photo up to the size of `place`, as numpy's pad does. */
function padded(photo, place, mode) {
  const [height, width] = place.size, { channels, data } = photo;
  if (height === photo.height && width === photo.width) return photo;
  const left = Math.max(0, -place.offset[0]), above = Math.max(0, -place.offset[1]);
  const rows = sources(height, above, photo.height, mode), columns = sources(width, left, photo.width, mode);
  const out = new Uint8Array(height * width * channels);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = rows[y] >= 0 && columns[x] >= 0, from = (rows[y] * photo.width + columns[x]) * channels;
      for (let c = 0; c < channels; c++) out[at++] = inside ? data[from + c] : 0;
    }
  }
  return { width, height, channels, data: out };
}

/** Which of `length` pixels each of `n` comes from, the first one standing at `before`; -1 for none. */
function sources(n, before, length, mode) {
  return Int32Array.from({ length: n }, (_, i) => {
    const place = i - before;
    if (place >= 0 && place < length) return place;
    if (mode === "zeros") return -1;
    if (mode === "border" || length === 1) return Math.min(length - 1, Math.max(0, place));
    const period = 2 * length - 2, within = ((place % period) + period) % period;
    return within < length ? within : period - within;
  });
}

/** Scale the part of a photo in `within` (left, top, right, bottom; maybe between pixels) to `size` (height, width). */
export function scaledTo(photo, [height, width], resample, within) {
  const [left, top, right, bottom] = within.map(Math.fround);
  const all = left === 0 && top === 0 && right === photo.width && bottom === photo.height;
  if (all && width === photo.width && height === photo.height) return photo;
  if (resample === "nearest") return nearest(photo, height, width, left, top, right, bottom);
  const filter = FILTERS[resample];
  let found = photo;
  if (width !== photo.width || left !== 0 || right !== width) found = across(found, weights(photo.width, left, right, width, filter));
  if (height !== photo.height || top !== 0 || bottom !== height) found = down(found, weights(photo.height, top, bottom, height, filter));
  return found;
}

function nearest({ width: ownWidth, height: ownHeight, channels, data }, height, width, left, top, right, bottom) {
  const columns = steps(width, left, Math.fround(right - left) / width, ownWidth);
  const rows = steps(height, top, Math.fround(bottom - top) / height, ownHeight);
  const out = new Uint8Array(width * height * channels);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = rows[y] >= 0 && columns[x] >= 0, from = (rows[y] * ownWidth + columns[x]) * channels;
      for (let c = 0; c < channels; c++) out[at++] = inside ? data[from + c] : 0;
    }
  }
  return { width, height, channels, data: out };
}

function steps(n, first, step, length) {
  const found = new Int32Array(n);
  let place = first + step * 0.5; // added up, as Pillow does
  for (let i = 0; i < n; i++, place += step) found[i] = place >= 0 && place < length ? Math.floor(place) : -1;
  return found;
}

/** The weights of each pixel of a row or column: {first, count, values}, `size` of them for each. */
function weights(length, from, to, n, { support, weight }) {
  const scale = Math.fround(to - from) / n, stretch = Math.max(1, scale), reach = support * stretch;
  const size = Math.ceil(reach) * 2 + 1, first = new Int32Array(n), count = new Int32Array(n), values = new Float64Array(n * size);
  for (let i = 0; i < n; i++) {
    const centre = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5)), stop = Math.min(length, Math.trunc(centre + reach + 0.5));
    let sum = 0;
    for (let x = start; x < stop; x++) sum += values[i * size + x - start] = weight((x - centre + 0.5) * (1 / stretch));
    if (sum !== 0) for (let x = 0; x < stop - start; x++) values[i * size + x] /= sum;
    first[i] = start;
    count[i] = stop - start;
  }
  return { n, size, first, count, values };
}

function fixed({ values }) {
  return Int32Array.from(values, (value) => Math.trunc((value < 0 ? -0.5 : 0.5) + value * (1 << PRECISION)));
}

function byte(sum) {
  const value = sum >> PRECISION;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function across({ width: own, height, channels, data }, plan) {
  const { n, size, first, count } = plan, k = fixed(plan), out = new Uint8Array(n * height * channels);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < n; x++) {
      for (let c = 0; c < channels; c++) {
        let sum = 1 << (PRECISION - 1), from = (y * own + first[x]) * channels + c;
        for (let i = 0, w = x * size; i < count[x]; i++, from += channels) sum += data[from] * k[w + i];
        out[at++] = byte(sum);
      }
    }
  }
  return { width: n, height, channels, data: out };
}

function down({ width, channels, data }, plan) {
  const { n, size, first, count } = plan, k = fixed(plan), row = width * channels, out = new Uint8Array(n * row);
  for (let y = 0, at = 0; y < n; y++) {
    for (let x = 0; x < row; x++) {
      let sum = 1 << (PRECISION - 1), from = first[y] * row + x;
      for (let i = 0, w = y * size; i < count[y]; i++, from += row) sum += data[from] * k[w + i];
      out[at++] = byte(sum);
    }
  }
  return { width, height: n, channels, data: out };
}

/** Scale float values [height, width] bilinearly, as Pillow does with images of mode F; for the scores of masks. */
export function scaledFloats(values, [ownHeight, ownWidth], [height, width], within) {
  const [left, top, right, bottom] = within.map(Math.fround), filter = FILTERS.bilinear;
  const columns = weights(ownWidth, left, right, width, filter), rows = weights(ownHeight, top, bottom, height, filter);
  const between = new Float32Array(ownHeight * width), out = new Float32Array(height * width);
  const sum = (from, step, { size, first, count, values: k }, i) => {
    let total = 0;
    for (let j = 0; j < count[i]; j++) total += from[step.at + (first[i] + j) * step.by] * k[i * size + j];
    return total;
  };
  for (let y = 0; y < ownHeight; y++) for (let x = 0; x < width; x++) between[y * width + x] = sum(values, { at: y * ownWidth, by: 1 }, columns, x);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) out[y * width + x] = sum(between, { at: x, by: width }, rows, y);
  return out;
}
