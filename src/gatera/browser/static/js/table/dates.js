// Read dates in cells of a table, and take numbers from them: the twin of gatera/program/raw/dates.py.

import { InputError } from "../errors.js";
import { strip as stripped } from "../text/blanks.js";
import { isEmpty } from "./cells.js";

const DAY = 86_400_000;
const DATE = /^(\d{4})(?:-(\d\d)-(\d\d)|(\d\d)(\d\d)|-W(\d\d)(?:-(\d))?|W(\d\d)(\d)?)(?:[^](.+))?$/u;
const CLOCK = String.raw`(\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?|(\d\d)(?:(\d\d)(?:[.,](\d+))?)?)?`;
const TIME = new RegExp(`^${CLOCK}(?:Z|([+-])${CLOCK})?$`);

const ZONE_APART = /(:\d\d(?:\.\d+)?) ?(?:UTC|GMT|Z|([+-]\d\d(?::?\d\d)?))$/;

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTH =
  String.raw`(?<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?` +
  String.raw`|nov(?:ember)?|dec(?:ember)?)\.?`;
const OF_MONTH = String.raw`(?<day>\d{1,2})(?:st|nd|rd|th)?`, YEAR = String.raw`(?<year>\d{4})`;
const WEEKDAY = String.raw`(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?,? )?`;
const TWELVE = String.raw`(?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d(?:\.\d+)?))?(?: ?(?<half>[ap])\.?m\.?)?`;
const ZONE = String.raw`(?: ?(?:(?:UTC|GMT|Z)(?![+-])|(?:UTC|GMT)?(?<offset>[+-]\d\d:?\d\d))(?<zoned>)(?: \([^()]*\))?)?`;

/** Dates with the English name of the month, as in dates.py. */
const IN_WORDS = [
  `${OF_MONTH}[ -]${MONTH},?[ -]${YEAR}(?:,? (?:at )?${TWELVE}${ZONE})?`,
  `${MONTH} ${OF_MONTH},? ${YEAR}(?:,? (?:at )?${TWELVE}${ZONE})?`,
  `${MONTH} ${OF_MONTH} ${TWELVE}${ZONE} ${YEAR}`,
].map((form) => new RegExp(`^${WEEKDAY}${form}$`, "i"));

/** A date's text without blanks around it, as ISO 8601 has it, and its time zone right behind the time. */
const strip = (text) => inWords(stripped(text)).replace(ZONE_APART, (_, time, zone) => time + (zone ?? "Z"));

/** A date with the English name of its month as ISO 8601 writes it; any other text as it is. */
function inWords(text) {
  if (text[4] === "-") return text;
  const spaced = text.replace(/ +/g, " "), found = IN_WORDS.map((form) => form.exec(spaced)?.groups).find(Boolean);
  if (found === undefined) return text;
  const two = (number) => String(number).padStart(2, "0");
  const day = `${found.year}-${two(MONTHS.indexOf(found.month.slice(0, 3).toLowerCase()) + 1)}-${two(found.day)}`;
  if (found.hour === undefined) return day;
  let hour = Number(found.hour);
  if (found.half) {
    if (hour < 1 || hour > 12) return text;
    hour = (hour % 12) + (found.half.toLowerCase() === "p" ? 12 : 0);
  }
  const zone = found.zoned === undefined ? "" : (found.offset ?? "Z");
  return `${day} ${two(hour)}:${found.minute}:${found.second ?? "00"}${zone}`;
}

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

/** Whether a cell holds a date without a time of day: "2024-W09-4" is as long as those get. */
export const isWholeDay = (cell) => !isEmpty(cell) && strip(cell).length <= 10;

/** Whether a date has a time zone in which it is another time than in UTC, on the same day. */
export function isOtherHour(cell) {
  const text = strip(cell), time = DATE.exec(text)?.at(-1);
  if (time === undefined || isOtherDay(cell)) return false;
  return +parsed(text) !== +parsed(text.slice(0, text.length - time.length) + time.replace(/[Z+-].*/, ""));
}

/** Whether a date has a time zone. */
export const hasZone = (cell) => /[Z+-]/.test(DATE.exec(strip(cell))?.at(-1) ?? "");

/** Whether a date has a time zone in which it is another day than in UTC. */
export function isOtherDay(cell) {
  const text = strip(cell), time = DATE.exec(text)?.at(-1);
  if (time === undefined) return false;
  return Math.floor(parsed(text) / DAY) !== Math.floor(parsed(text.slice(0, text.length - time.length - 1)) / DAY);
}

function utc(year, month, day) {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date;
}

function parsed(text) {
  const found = DATE.exec(text);
  if (found === null) return null;
  const [, year, month, day, plainMonth, plainDay, , , , , time] = found, [week, weekday] = [found[6] ?? found[8], found[7] ?? found[9]];
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
  const [hours, minutes, seconds, fraction] = clock(found.slice(1, 8));
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const [zoneHours, zoneMinutes, zoneSeconds] = clock(found.slice(9));
  const zone = (found[8] === "-" ? -1 : 1) * (zoneHours * 3600 + zoneMinutes * 60 + zoneSeconds);
  if (Math.abs(zone) >= DAY / 1000) return null;
  // a Date has whole milliseconds, and would round those before 1970 up
  const moment = new Date(date.getTime() + Math.floor((hours * 3600 + minutes * 60 + seconds - zone) * 1000 + fraction / 1000));
  return moment >= utc(1, 1, 1) && moment < utc(10000, 1, 1) ? moment : null; // Python has no other dates
}

/** Hours, minutes, seconds and millionths of what CLOCK found. */
function clock([hours = 0, minutes, seconds, fraction, plainMinutes, plainSeconds, plainFraction]) {
  const micro = `${fraction ?? plainFraction ?? ""}000000`.slice(0, 6);
  return [hours, minutes ?? plainMinutes ?? 0, seconds ?? plainSeconds ?? 0, micro].map(Number);
}

function isoWeek(date) {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * DAY);
  return Math.floor((thursday - utc(thursday.getUTCFullYear(), 1, 1)) / DAY / 7) + 1;
}
