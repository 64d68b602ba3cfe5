// Read one cell of a table: is it empty, which known category is it, what number is it: the twin of gatera/program/raw/cells.py.

import { InputError } from "../errors.js";
import { strip } from "../text/blanks.js";
import { isMissingWord, isTime, textNumber } from "./numbers.js";

export const EMPTY = -1, UNSEEN = -2;

export function isEmpty(cell) {
  if (cell === null || cell === undefined) return true;
  return typeof cell === "string" ? isMissingWord(cell) : Number.isNaN(cell);
}

/** The largest number that models can take: that of float32. */
const LARGEST = 3.4028234663852886e38;

/** Return the number in a cell; NaN for an empty one, and for a number that is not finite in float32. */
export function numberIn(cell, column, written) {
  if (isEmpty(cell)) return NaN;
  const number = typeof cell === "string" ? textNumber(cell, written) : ["object", "boolean"].includes(typeof cell) ? null : Number(cell);
  if (number === null) {
    const unit = written?.unit;
    throw new InputError(isTime(unit) ? "not_a_time" : "not_a_number", { column, cell, unit });
  }
  return Math.abs(number) <= LARGEST ? number : NaN;
}

/** The code of each category of a column: 1 for the first label, and so on. */
export class Codes {
  constructor(labels, written) {
    this.written = written;
    this.codes = new Map(labels.map((label, i) => [keyOf(label), i + 1]));
    const truths = labels.every((label) => typeof label === "boolean");
    this.numeric = !truths && labels.every((label) => typeof label === "number" || typeof label === "boolean");
    this.fold = truths ? (text) => text.toLowerCase() : (text) => text;
    const texts = labels.map((label) => this.fold(textOf(label))), counts = new Map();
    for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
    // labels that differ only in these are found exactly as they are written, or not at all
    this.texts = new Map(texts.map((text, i) => [text, i + 1]).filter(([text]) => counts.get(text) === 1));
  }

  /** Return the code of a cell, 1 or more; EMPTY or UNSEEN where it has none. */
  of(cell) {
    if (typeof cell === "object" && cell !== null) throw new InputError("not_one_value", { cell: JSON.stringify(cell) });
    const code = this.codes.get(keyOf(cell));
    return code === undefined ? this.writtenOtherwise(cell) : code;
  }

  writtenOtherwise(cell) {
    if (typeof cell !== "string" && isEmpty(cell)) return EMPTY;
    const text = textOf(cell);
    let code = this.texts.get(this.fold(text));
    if (code === undefined && this.numeric && typeof cell === "string") code = this.codes.get(keyOf(textNumber(text, this.written)));
    return code ?? (isEmpty(cell) ? EMPTY : UNSEEN);
  }
}

/** Equal for values that are equal in Python: 1, 1.0 and true. */
function keyOf(value) {
  return typeof value === "string" ? `s${value}` : `n${Number(value ?? NaN)}`;
}

/** A cell as a CSV of Python would hold it, without blanks around it; accents are parts of their letters. */
function textOf(cell) {
  if (typeof cell === "boolean") return cell ? "True" : "False";
  if (typeof cell !== "number" || Number.isInteger(cell) || Math.abs(cell) >= 1e-4) return strip(String(cell)).normalize("NFC");
  return cell.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
