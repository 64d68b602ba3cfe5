// The bytes of what a person gives.

import { InputError } from "./errors.js";

/** Return the bytes of a Blob, an ArrayBuffer or bytes; a file that is gone, or is a folder, is an InputError. */
export async function bytesOf(source) {
  let bytes = source;
  try {
    if (source instanceof Blob) bytes = new Uint8Array(await source.arrayBuffer());
    if (source instanceof ArrayBuffer) bytes = new Uint8Array(source);
  } catch (err) {
    throw err instanceof DOMException ? new InputError("unreadable") : err;
  }
  if (!bytes.length) throw new InputError("empty");
  return bytes;
}
