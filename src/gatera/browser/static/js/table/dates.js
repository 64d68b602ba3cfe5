// Read dates in cells of a table, and take numbers from them: the twin of gatera/program/raw/dates.py.

import { InputError } from "../errors.js";
import { strip } from "../text/blanks.js";
import { isEmpty } from "./cells.js";

const DAY = 86_400_000;
const DATE = /^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d)|-?W(\d\d)(?:-?(\d))?)(?:[^](.+))?$/;
const TIME = /^(\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(Z|([+-])(\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d+)?)?)?)?$/;

/** What is taken from a date (milliseconds since 1970, UTC), by name. */
const PARTS = {
  Year: (date) => date.getUTCFullYear(),
  Month: (date) => date.getUTCMonth() + 1,
  Week: isoWeek,
  Day: (date) => date.getUTCDate(),
  Dayofweek: (date) => (date.getUTCDay() + 6) % 7,
  Dayofyear: (date) => Math.floor((date - utc(date.getUTCFullYear(), 1, 1)) / DAY) + 1,
  Hour: (date) => date.getUTCHours(),
  Elapsed: (date) => date.getTime() / DAY,
};

/** Return one part of the date in a cell; NaN for an empty one. */
export function partOfDate(cell, column, part) {
  if (isEmpty(cell)) return NaN;
  const date = typeof cell === "string" ? parsed(strip(cell)) : null;
  if (date === null) throw new InputError("not_a_date", { column, cell });
  return PARTS[part](date);
}

function utc(year, month, day) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date;
}

function parsed(text) {
  const found = DATE.exec(text);
  if (found === null) return null;
  const [, year, month, day, plainMonth, plainDay, week, weekday, time] = found;
  const date = week ? ofWeek(Number(year), Number(week), Number(weekday ?? 1)) : ofDay(Number(year), Number(month ?? plainMonth), Number(day ?? plainDay));
  if (date === null || Number(year) < 1) return null;
  return time === undefined ? date : withTime(date, time);
}

function ofDay(year, month, day) {
  const date = utc(year, month, day);
  return date.getUTCMonth() + 1 === month && date.getUTCDate() === day ? date : null;
}

function ofWeek(year, week, weekday) {
  if (week < 1 || week > 53 || weekday < 1 || weekday > 7) return null;
  const fourth = utc(year, 1, 4); // always in week 1
  const monday = fourth.getTime() - ((fourth.getUTCDay() + 6) % 7) * DAY;
  const date = new Date(monday + ((week - 1) * 7 + weekday - 1) * DAY);
  return isoWeek(date) === week ? date : null; // most years have no week 53
}

function withTime(date, text) {
  const found = TIME.exec(text);
  if (found === null) return null;
  const [, hours, minutes = 0, seconds = 0, fraction = "0", , sign, zoneHours = 0, zoneMinutes = 0, zoneSeconds = 0] = found;
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const micro = Number(`${fraction}000000`.slice(0, 6));
  const zone = sign ? (sign === "-" ? -1 : 1) * (Number(zoneHours) * 3600 + Number(zoneMinutes) * 60 + Number(zoneSeconds)) : 0;
  return new Date(date.getTime() + (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) - zone) * 1000 + micro / 1000);
}

function isoWeek(date) {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * DAY);
  return Math.floor((thursday - utc(thursday.getUTCFullYear(), 1, 1)) / DAY / 7) + 1;
}
