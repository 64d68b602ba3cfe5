// Where preprocessing puts a photo, so that masks and points find the way back: the twin of gatera/program/raw/placement.py.
// A placement is {photo: [height, width], size: [height, width], scale: [x, y], offset: [x, y]}; a place of the result comes from
// scale * place + offset of the photo.

/** Round halves to the even neighbour, as Python does. */
export function roundEven(value) {
  const low = Math.floor(value), rest = value - low;
  if (rest === 0.5) return low % 2 === 0 ? low : low + 1;
  return Math.round(value);
}

export function whole(size) {
  return { photo: size, size, scale: [1, 1], offset: [0, 0] };
}

/** The placement of one step and another one after it. */
export function then(first, after) {
  const [x, y] = toPhoto(first, after.offset);
  return { photo: first.photo, size: after.size, scale: [first.scale[0] * after.scale[0], first.scale[1] * after.scale[1]], offset: [x, y] };
}

export function toPhoto({ scale, offset }, [x, y]) {
  return [x * scale[0] + offset[0], y * scale[1] + offset[1]];
}

/** The part of the photo that the result shows: [left, top, right, bottom]. */
export function box({ photo, size, scale, offset }) {
  const [left, top] = offset;
  return [left, top, Math.min(photo[1], left + size[1] * scale[0]), Math.min(photo[0], top + size[0] * scale[1])];
}

export function squish(size, to) {
  return { photo: size, size: to, scale: [size[1] / to[1], size[0] / to[0]], offset: [0, 0] };
}

export function cover(size, to) {
  const [height, width] = size, scale = Math.min(width / to[1], height / to[0]);
  const left = Math.max(0, (width - to[1] * scale) / 2), top = Math.max(0, (height - to[0] * scale) / 2);
  return { photo: size, size: to, scale: [scale, scale], offset: [left, top] };
}

export function fitInside(size, to) {
  const [height, width] = size, scale = Math.max(width / to[1], height / to[0]);
  return squish(size, [Math.min(to[0], Math.max(1, roundEven(height / scale))), Math.min(to[1], Math.max(1, roundEven(width / scale)))]);
}

export function shorterSide(size, side) {
  const scale = side / Math.min(...size);
  return squish(size, size.map((length) => Math.max(1, roundEven(length * scale))));
}

export function middle(size, to) {
  const [down, across] = [size[0] - to[0], size[1] - to[1]];
  const half = (rest) => (rest >= 0 ? Math.floor(rest / 2) : -Math.floor(-rest / 2));
  return { photo: size, size: to, scale: [1, 1], offset: [half(across), half(down)] };
}

/** What several steps, one after the other, do to a photo of `size`. */
export function combined(size, steps) {
  return steps.reduce(then, whole(size));
}
