// Read a number from a cell's text: signs, decimal commas, thousands separators, currencies, percent signs: the twin of
// gatera/program/tables/numbers.py.

import { BLANK, strip } from "../text/blanks.js";

const MISSING = new Set([
  "", "#div/0!", "#name?", "#null!", "#num!", "#ref!", "#value!", "#n/a", "#n/a n/a", "#na", "-1.#ind", "-1.#qnan", "-nan", "1.#ind", "1.#qnan",
  "<na>", "n/a", "na", "nan", "none", "null", "?", "-", ".",
]);
const AROUND = new RegExp(`^([+\\-\u2212]?)[${BLANK}]*[$€£¥₹]?[${BLANK}]*([+\\-\u2212]?)(.*?)[${BLANK}]*[$€£¥₹%]?$`, "s");
const PLAIN = /^(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const GROUPED = /^\d{1,3}(?:[,.' \u00a0\u202f\u2019]\d{3})+$/;
const INDIAN = /^\d{1,2}(?:,\d{2})+,\d{3}$/;
const TIME = /^[+\-\u2212]?(\d{1,5}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?(?:[\t-\r ]*([AaPp])\.?[Mm]\.?)?$/;
const MINUS = ["-", "\u2212"];

/** Whether a text stands for "no value". */
export function isMissingWord(text) {
  return text.length <= 40 && MISSING.has(strip(text).toLowerCase());
}

/** Return the number in a text, or null. `written` is {decimal, thousands, unit}. */
export function textNumber(text, { decimal = ".", thousands = "", unit = "" } = {}) {
  if (unit) {
    const time = isTime(unit) ? hours(text, unit) : null;
    return time ?? textNumber(withoutUnit(text, unit), { decimal, thousands });
  }
  const usual = decimal === "." && thousands === "";
  const value = inFormat(text, decimal, thousands);
  if (value !== null || !usual) return value;
  const oneComma = text.split(",").length === 2 && !GROUPED.test(stripped(text)[1]);
  return oneComma ? inFormat(text, ",", "") : null;
}

/** Whether a text is written with a unit, or as a time. */
export function hasUnit(text, unit) {
  return isTime(unit) ? hours(text, unit) !== null : strip(text).endsWith(unit);
}

/** Whether a unit says that numbers are times, in hours. */
export function isTime(unit) {
  return unit === "h:mm" || unit === "h:mm:ss";
}

/** Return the sign of a number such as "41.083 €" that may be a decimal one or stand between thousands, or undefined. */
export function doubtfulSign(text, unit) {
  return /^[1-9]\d{0,2}([.,])\d{3}$/.exec(stripped(unit ? withoutUnit(text, unit) : text)[1])?.[1];
}

function withoutUnit(text, unit) {
  text = strip(text);
  return text.endsWith(unit) ? strip(text.slice(0, -unit.length)) : text;
}

function hours(text, unit) {
  text = strip(text);
  const found = TIME.exec(text);
  if (found === null || (found[3] === undefined) !== (unit === "h:mm")) return null;
  let hour = Number(found[1]);
  if (found[4]) {
    if (hour < 1 || hour > 12 || !/^\d/.test(text)) return null;
    hour = (hour % 12) + (/p/i.test(found[4]) ? 12 : 0);
  }
  const value = hour + Number(found[2]) / 60 + Number(found[3] ?? 0) / 3600;
  return /^[-\u2212]/.test(text) ? -value : value;
}

function inFormat(text, decimal, thousands) {
  const [negative, body] = stripped(text), usual = decimal === "." && thousands === "";
  const value = (usual ? null : grouped(body, decimal, thousands)) ?? plain(body);
  return value === null || !negative ? value : -value;
}

function grouped(body, decimal, thousands) {
  const place = body.indexOf(decimal), sign = place >= 0;
  let whole = sign ? body.slice(0, place) : body;
  const fraction = sign ? body.slice(place + 1) : "";
  if (thousands && whole.includes(thousands)) {
    const others = whole.replace(/[0-9]/g, "").replaceAll(thousands, "");
    if (!(GROUPED.test(whole) || INDIAN.test(whole)) || others || whole.startsWith(`0${thousands}`)) return null;
    whole = whole.replaceAll(thousands, "");
  } else if (!sign) return null;
  return plain(sign ? `${whole}.${fraction}` : whole);
}

/** Return whether a minus stands before the number, and the number without sign, currency and percent sign. */
function stripped(text) {
  text = strip(text);
  const inBrackets = text.startsWith("(") && text.endsWith(")");
  const found = AROUND.exec(inBrackets ? strip(text.slice(1, -1)) : text);
  if (found === null || (found[1] && (found[2] || inBrackets))) return [false, ""];
  return [inBrackets || MINUS.includes(found[1]) || MINUS.includes(found[2]), found[3]];
}

function plain(body) {
  if (PLAIN.test(body)) return Number(body);
  return ["inf", "infinity"].includes(body.toLowerCase()) ? Infinity : null;
}
