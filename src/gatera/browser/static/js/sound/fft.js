// Fourier transforms of any length, in place, on real and imaginary parts.

/** Transform arrays whose length is a power of two. */
function radixTwo(re, im, inverse) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let size = 2; size <= n; size <<= 1) {
    const half = size >> 1, angle = ((inverse ? 2 : -2) * Math.PI) / size;
    for (let k = 0; k < half; k++) {
      const c = Math.cos(angle * k), s = Math.sin(angle * k);
      for (let i = k; i < n; i += size) {
        const j = i + half, x = re[j] * c - im[j] * s, y = re[j] * s + im[j] * c;
        re[j] = re[i] - x;
        im[j] = im[i] - y;
        re[i] += x;
        im[i] += y;
      }
    }
  }
}

/** Transform arrays of any length; `inverse` does not divide by it. Source: Bluestein 1970. */
export function fft(re, im, inverse = false) {
  const n = re.length;
  if ((n & (n - 1)) === 0) return radixTwo(re, im, inverse);
  let size = 1;
  while (size < 2 * n - 1) size <<= 1;
  const cos = new Float64Array(n), sin = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const angle = (Math.PI * ((i * i) % (2 * n))) / n; // i * i stays exact up to 94 million
    cos[i] = Math.cos(angle);
    sin[i] = inverse ? -Math.sin(angle) : Math.sin(angle);
  }
  const aRe = new Float64Array(size), aIm = new Float64Array(size), bRe = new Float64Array(size), bIm = new Float64Array(size);
  for (let i = 0; i < n; i++) {
    aRe[i] = re[i] * cos[i] + im[i] * sin[i];
    aIm[i] = im[i] * cos[i] - re[i] * sin[i];
    bRe[i] = bRe[(size - i) % size] = cos[i];
    bIm[i] = bIm[(size - i) % size] = sin[i];
  }
  radixTwo(aRe, aIm, false);
  radixTwo(bRe, bIm, false);
  for (let i = 0; i < size; i++) [aRe[i], aIm[i]] = [aRe[i] * bRe[i] - aIm[i] * bIm[i], aRe[i] * bIm[i] + aIm[i] * bRe[i]];
  radixTwo(aRe, aIm, true);
  for (let i = 0; i < n; i++) {
    re[i] = (aRe[i] * cos[i] + aIm[i] * sin[i]) / size;
    im[i] = (aIm[i] * cos[i] - aRe[i] * sin[i]) / size;
  }
}
