// Fetch what a page needs, and make sure that it is what was exported: servers answer a missing file with a page, copies stop halfway,
// and caches keep a model of before beside the labels of now.

import { InputError } from "./errors.js";

/** The version of program.json that these scripts read; the same number stands in export.py. */
const PAGE = 2;

/** A WebAssembly module with one instruction of SIMD: i8x16.splat. */
const WITH_SIMD = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11);

/** Throw an InputError where WebAssembly is missing or forbidden; onnxruntime-web would say it in words for its makers. */
export function checkWebAssembly() {
  if (typeof WebAssembly === "undefined" || !WebAssembly.validate(WITH_SIMD)) throw new InputError("no_webassembly");
  try {
    new WebAssembly.Module(WITH_SIMD);
  } catch {
    throw new InputError("forbidden_webassembly");
  }
}

/** Return program.json; the server is asked whether it changed. */
export async function readAbout(base) {
  const address = new URL("program.json", base), text = await (await fetched(address, "no-cache")).text();
  let about;
  try {
    about = JSON.parse(text);
  } catch {
    throw new InputError("not_exported", { file: address.pathname });
  }
  if (about.page !== PAGE) throw new InputError("wrong_page");
  return about;
}

/** Return the bytes of a file of program.json; `arrived(count)` is called as they come. One that a cache kept too long is fetched again. */
export async function readFile({ path, size, sha256 }, base, arrived) {
  const address = new URL(path, base);
  let bytes, wrong;
  for (const cache of ["default", "reload"]) {
    bytes = await bytesOf(address, cache, cache === "default" ? arrived : () => {});
    wrong = await wrongWith(bytes, size, sha256);
    if (wrong === null) return bytes;
  }
  throw new InputError(wrong, { file: address.pathname, got: bytes.length, size });
}

async function wrongWith(bytes, size, sha256) {
  if (bytes.length !== size) return "wrong_size";
  if (!globalThis.crypto?.subtle) return null; // a page without https: its browser does not hash
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256 ? null : "wrong_content";
}

async function fetched(address, cache) {
  const response = await fetch(address, { cache });
  if (!response.ok) throw new Error(`${address.pathname}: ${response.status}`);
  return response;
}

async function bytesOf(address, cache, arrived) {
  const response = await fetched(address, cache), reader = response.body.getReader(), parts = [];
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    arrived(part.value.length);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
