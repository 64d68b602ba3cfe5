// Regular expressions of tokenizers (Oniguruma) in JavaScript: its classes of characters cover all of Unicode.

const LETTERS = "\\p{L}\\p{M}\\p{N}\\p{Pc}", BLANKS = "\\p{White_Space}";
const CLASSES = { w: LETTERS, d: "\\p{Nd}", s: BLANKS };
const NEGATED = { W: LETTERS, D: "\\p{Nd}", S: BLANKS };

/** Return a RegExp, global, that finds what the pattern does. Throws an Error for what cannot be said here. */
export function fromOniguruma(pattern) {
  let out = "", inside = false;
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === "\\") {
      const next = pattern[++i];
      if (CLASSES[next]) out += inside ? CLASSES[next] : `[${CLASSES[next]}]`;
      else if (NEGATED[next] && !inside) out += `[^${NEGATED[next]}]`;
      else if (NEGATED[next]) out += `\\P{${{ W: "L", D: "Nd", S: "White_Space" }[next]}}`;
      else if (next === "b") out += `(?:(?<=[${LETTERS}])(?![${LETTERS}])|(?<![${LETTERS}])(?=[${LETTERS}]))`;
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
