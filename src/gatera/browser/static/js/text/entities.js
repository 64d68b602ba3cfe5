// Character references such as &amp; and &#233; become what they stand for. Source: HTML 5, section 13.2.5.72 on.

const REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/g;

/** What numbers from 128 on mean on the web: Windows-1252. */
const WINDOWS = "\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178";

export function unescaped(text) {
  return text.includes("&") ? text.replace(REFERENCE, (whole, name) => (name[0] === "#" ? byNumber(name) : byName(whole))) : text;
}

function byNumber(name) {
  const hex = /^#x/i.test(name), code = Number.parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10);
  if (code === 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return "\ufffd";
  if (code >= 0x80 && code <= 0x9f) return WINDOWS[code - 0x80];
  if (code === 0x0d) return "\r";
  const useless = (code >= 1 && code <= 8) || (code >= 0x0e && code <= 0x1f) || code === 0x7f || code === 0x0b;
  return useless || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe ? "" : String.fromCodePoint(code);
}

let reader = null;

/** The browser knows all 2,231 names: a text area shows a reference as its characters, and runs nothing. */
function byName(reference) {
  reader ??= document.createElement("textarea");
  reader.innerHTML = reference.replaceAll("<", "&lt;");
  return reader.value;
}
