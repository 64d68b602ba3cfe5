// The orientation of a photo: read from its EXIF or XMP data, and applied to its pixels.

/** Return the orientation, 1 to 8, of EXIF data, which begin as a TIFF file does; null if they have none. */
export function exifOrientation(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    const little = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, little);
    for (let i = 0, n = view.getUint16(directory, little); i < n; i++) {
      const entry = directory + 2 + 12 * i;
      if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
    }
  } catch {
    return null; // damaged EXIF data: viewers too show such a photo as it lies
  }
  return null;
}

/** The same of XMP data, where some programs write it instead. */
export function xmpOrientation(bytes) {
  const found = /tiff:Orientation(?:="|>)([0-9])/.exec(new TextDecoder("latin1").decode(bytes));
  return found === null ? null : Number(found[1]);
}

/** Orientation -> where the upright pixel (x, y) stands in the stored photo of w x h. Source: EXIF 2.32, section 4.6.4 A. */
const STORED = {
  2: (x, y, w) => [w - 1 - x, y],
  3: (x, y, w, h) => [w - 1 - x, h - 1 - y],
  4: (x, y, _w, h) => [x, h - 1 - y],
  5: (x, y) => [y, x],
  6: (x, y, _w, h) => [y, h - 1 - x],
  7: (x, y, w, h) => [w - 1 - y, h - 1 - x],
  8: (x, y, w) => [w - 1 - y, x],
};

/** Return a photo turned as its orientation says. */
export function upright(photo, orientation) {
  const stored = STORED[orientation];
  if (!stored) return photo;
  const { width: w, height: h, channels, data } = photo;
  const [width, height] = orientation >= 5 ? [h, w] : [w, h];
  const out = new Uint8Array(data.length);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = stored(x, y, w, h), from = (fromY * w + fromX) * channels;
      for (let c = 0; c < channels; c++) out[at++] = data[from + c];
    }
  }
  return { width, height, channels, data: out };
}
