// Arrays in program.json: little-endian numbers in base64.

/** Return {shape, values} of what the program stored: values as Float32Array. */
export function unpack({ dtype, shape, data }) {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer), count = shape.reduce((product, size) => product * size, 1);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = dtype === "float16" ? half(view.getUint16(2 * i, true)) : view.getFloat32(4 * i, true);
  return { shape, values };
}

function half(bits) {
  const sign = bits >> 15 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** The place of the largest value; of several the first. */
export function argmax(values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** How many of the ascending values lie below one. */
export function below(ascending, value) {
  let low = 0, high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The shortest number that is the same in 32 bits: 0.9812, not 0.9811999797821045. */
export function shortest(value) {
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const found = Number(single.toPrecision(digits));
    if (Math.fround(found) === single) return found;
  }
  return Number(single.toPrecision(9));
}
