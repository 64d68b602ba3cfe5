// Read one text and clean it, and mark its words: the twin of gatera/program/raw/text.py.

import { InputError } from "../errors.js";
import { BLANK, singleBlanks, strip, WORD } from "./blanks.js";
import { unescaped } from "./entities.js";

const LINE_BREAK = /<\s*(?:br|\/?p|\/?div|\/?li|\/?tr)\b[^<>]{0,200}>/gi;
const TAG = /<\/?[A-Za-z][^<>]{0,200}>|<!--.{0,10000}?-->/gs;
// control characters, and halves of surrogate pairs
const UNUSABLE = /[\0-\x08\x0b-\x1f\x7f]|\p{Cs}/gu;

const SAME_CHARACTER = new RegExp(`([^${BLANK}\\p{Nd}])(\\1{2,})`, "gu");
const SAME_WORD = new RegExp(`(?<![${WORD}])([${WORD}]+)((?:[${BLANK}]+\\1(?![${WORD}])){2,})`, "gu");
const CAPITAL_WORD = new RegExp(`(?<![${WORD}])(?:[A-Z]{2,}|[A-Z][a-z]+)(?![${WORD}])`, "gu");

/** Return the cleaned text. `source` is a text, or a row that holds it in `column`. */
export function readText(source, { html = true, form = "NFC", column = null }) {
  let text = typeof source === "string" ? source : source?.[column];
  if (typeof text !== "string") throw new InputError("no_text", { column });
  text = text.replace(/^\ufeff/, "").replace(UNUSABLE, " ");
  if (html) text = unescaped(text.replace(LINE_BREAK, "\n").replace(TAG, " "));
  if (form !== "none") text = text.normalize(form);
  text = singleBlanks(text);
  if (!text) throw new InputError("empty_text");
  return text;
}

/** Return a text in lower case, with words before what that would lose: repetitions and capitals. */
export function markWords(text) {
  text = text.replace(CAPITAL_WORD, (word) => `${word === word.toUpperCase() ? "xxup" : "xxmaj"} ${word.toLowerCase()}`);
  text = text.replace(SAME_CHARACTER, (_, first, more) => ` xxrep ${1 + [...more].length} ${first} `);
  text = text.toLowerCase().replace(SAME_WORD, (_, word, more) => `xxwrep ${1 + strip(more).split(new RegExp(`[${BLANK}]+`)).length} ${word}`);
  return singleBlanks(text);
}
