// Encode one row as the numbers that a model takes: the twin of gatera/program/raw/row.py.

import { InputError } from "../errors.js";
import { Codes, EMPTY, isEmpty, numberIn } from "./cells.js";
import { hasZone, isOtherDay, isOtherHour, isWholeDay, partOfDate } from "./dates.js";
import { doubtfulSign, hasUnit, isTime } from "./numbers.js";

/** Each column of the model's input: {source, kind, read(cell, note)}; `note(code, details)` says what to warn of. */
function categoryColumn({ name, labels, had_empty: hadEmpty, decimal, thousands, unit }) {
  const codes = new Codes(labels, { decimal, thousands, unit });
  return {
    source: name, kind: "category", labels,
    read(cell, note) {
      const code = codes.of(cell);
      if (code === EMPTY && !hadEmpty) note("empty_category", { column: name });
      else if (code < 0 && code !== EMPTY) note("unseen", { column: name, cell });
      return Math.max(0, code);
    },
  };
}

function flagColumn({ missing_in: source }, written) {
  return { source, kind: "flag", read: (cell) => (Number.isNaN(numberIn(cell, source, written)) ? 2 : 1) };
}

/** The code of what to say of a text such as "8.123", and its sign, where training's numbers tell that the sign means the other thing. */
function otherSign(cell, number, { thousands, unit }, mean, std) {
  const sign = doubtfulSign(cell, unit);
  if (!sign) return null;
  const far = 10 * std;
  if (sign === thousands) return Math.abs(number / 1000 - mean) < far && Math.abs(number - mean) > far ? ["may_be_decimal", sign] : null;
  return Math.abs(number) < Math.abs(mean) / 100 && Math.abs(number * 1000 - mean) < 3 * std ? ["may_be_thousands", sign] : null;
}

function numberColumn({ name, fill, had_empty: hadEmpty, mean, std, date = null, part = null, zoned = false }, written) {
  const source = date ?? name;
  return {
    source, part, zoned, kind: date === null ? "number" : "date",
    read(cell, note) {
      const number = date === null ? numberIn(cell, source, written) : partOfDate(cell, source, part);
      const missing = Number.isNaN(number), { unit } = written;
      const bare = typeof cell === "string" ? unit && !hasUnit(cell, unit) : unit === "%" && Math.abs(number) < 1;
      if (!missing && number !== 0 && bare) {
        note(isTime(unit) ? "no_time" : "no_unit", { column: source, cell, unit });
      }
      if (date === null && !unit && number !== 0 && typeof cell === "string" && hasUnit(cell, "%")) note("percent_sign", { column: source, cell });
      const other = date === null && typeof cell === "string" && otherSign(cell, number, written, mean, std);
      if (other) note(other[0], { column: source, cell, sign: other[1] });
      if (!missing && part === "Hour" && isWholeDay(cell)) note("no_hour", { column: source, cell });
      if (!missing && part === "Hour" && !zoned && isOtherHour(cell)) note("other_hour", { column: source, cell });
      if (!missing && part === "Elapsed" && zoned && !hasZone(cell)) note("no_zone", { column: source, cell });
      if (!missing && part === "Elapsed" && !zoned && isOtherDay(cell)) note("other_day", { column: source, cell });
      if (missing && !hadEmpty) note(isEmpty(cell) ? "empty_number" : "infinite", { column: source, cell, fill: date === null ? fill : null });
      return ((missing ? fill : number) - mean) / std;
    },
  };
}

export class RowReader {
  constructor({ categories, numbers }) {
    const written = Object.fromEntries(numbers.map(({ name, decimal = ".", thousands = "", unit = "" }) => [name, { decimal, thousands, unit }]));
    this.encoded = [
      ...categories.map((each) => ("missing_in" in each ? flagColumn(each, written[each.missing_in]) : categoryColumn(each))),
      ...numbers.map((each) => numberColumn(each, written[each.name])),
    ];
  }

  /** The table's columns that are needed, for a form: {name, kind, labels}; a moment is a date whose hour counts, and one that is zoned has a time zone. */
  get columns() {
    const found = new Map();
    for (const { source, kind, labels } of this.encoded.filter((each) => each.kind !== "flag")) {
      if (!found.has(source)) found.set(source, { name: source, kind, labels });
    }
    for (const { source } of this.encoded) if (!found.has(source)) found.set(source, { name: source, kind: "number" });
    for (const { source, part } of this.encoded) if (part === "Hour") found.get(source).kind = "moment";
    for (const { source, zoned } of this.encoded) if (zoned) found.get(source).kind = "zoned";
    return [...found.values()];
  }

  /** Return the row, an object, as float32 [1,F]. */
  read(row, notes) {
    return { type: "float32", dims: [1, this.encoded.length], data: Float32Array.from(this.values(row, notes)) };
  }

  values(row, notes) {
    if (typeof row !== "object" || row === null || Array.isArray(row)) throw new InputError("not_a_row");
    const said = new Set();
    return this.encoded.map(({ source, read }) => {
      if (!Object.hasOwn(row, source)) throw new InputError("missing_column", { column: source });
      return read(row[source], (code, details) => {
        if (!said.has(source)) notes.push({ code, details });
        said.add(source);
      });
    });
  }
}

/** Turns a user and an item into their codes, int64 [1,2]. */
export class PairReader {
  constructor({ columns, users, items }) {
    this.rows = new RowReader({ categories: columns.map((name, i) => ({ name, labels: [users, items][i], had_empty: false })), numbers: [] });
  }

  get columns() {
    return this.rows.columns;
  }

  read(row, notes) {
    return { type: "int64", dims: [1, 2], data: BigInt64Array.from(this.rows.values(row, notes), BigInt) };
  }
}
