// What Python counts as blanks and as parts of words; JavaScript's own classes differ in a few characters.

export const BLANK = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
export const WORD = "\\p{L}\\p{N}_";

const ENDS = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, "g");
const RUNS = new RegExp(`[${BLANK}]+`, "g");

/** A text without blanks around it. */
export function strip(text) {
  return text.replace(ENDS, "");
}

/** A text with single blanks in place of any run of them. */
export function singleBlanks(text) {
  return strip(text.replace(RUNS, " "));
}
