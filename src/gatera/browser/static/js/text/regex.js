// Regular expressions of tokenizers (Oniguruma) in JavaScript: its classes of characters cover all of Unicode.

// outside of brackets \w is also \u00b2, \u00b3, \u00b9 and the fractions of Latin-1
const LETTERS = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}", WORD = `${LETTERS}\\u00b2\\u00b3\\u00b9\\u00bc-\\u00be`, BLANKS = "\\p{White_Space}";
const CLASSES = { w: LETTERS, d: "\\p{Nd}", s: BLANKS };
const ALONE = { ...CLASSES, w: WORD };
const NEGATED = { W: WORD, D: "\\p{Nd}", S: BLANKS };

/** Return a RegExp, global, that finds what the pattern does. Throws an Error for what cannot be said here. */
export function fromOniguruma(pattern) {
  let out = "", inside = false;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === "\\") {
      const next = pattern[++i];
      if (CLASSES[next]) out += inside ? CLASSES[next] : `[${ALONE[next]}]`;
      else if (NEGATED[next] && !inside) out += `[^${NEGATED[next]}]`;
      else if (NEGATED[next]) out += `\\P{${{ W: "L", D: "Nd", S: "White_Space" }[next]}}`;
      else if (next === "b") out += `(?:(?<=[${WORD}])(?![${WORD}])|(?<![${WORD}])(?=[${WORD}]))`;
      else if (next === "-") out += inside ? "\\-" : "-";
      else if ("pPnrtfux0".includes(next) || /[\^$\\.*+?()[\]{}|/]/.test(next)) out += `\\${next}`;
      else if (/[A-Za-z0-9]/.test(next)) throw new Error(`\\${next} in ${pattern}`);
      else out += next;
      continue;
    }
    if (character === "[" && !inside) inside = true;
    else if (character === "]" && inside) inside = false;
    out += character;
  }
  return new RegExp(out, "gu");
}
