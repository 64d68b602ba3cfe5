// Split a text into token numbers by a tokenizer.json of the package tokenizers: the parts that the programs' tokenizers are made of.
// The export refuses other parts by name; PARTS lists what is known here.

import { fromOniguruma } from "./regex.js";
import { MODELS } from "./models.js";

const MARGIN = 50_000, PER_TOKEN = 40;

/** Each returns a text. */
const NORMALIZERS = {
  NFC: () => (text) => text.normalize("NFC"),
  NFD: () => (text) => text.normalize("NFD"),
  NFKC: () => (text) => text.normalize("NFKC"),
  NFKD: () => (text) => text.normalize("NFKD"),
  Lowercase: () => lowered,
  StripAccents: () => (text) => text.replace(/\p{M}/gu, ""),
  BertNormalizer: bertNormalizer,
  Sequence: ({ normalizers }) => inTurn(normalizers.map((each) => made(NORMALIZERS, each))),
};

/** Each returns a list of words for one word. */
const SPLITTERS = {
  BertPreTokenizer: () => (text) => text.match(BERT_WORDS) ?? [],
  Whitespace: () => (text) => text.match(WORDS_OR_SIGNS) ?? [],
  WhitespaceSplit: () => (text) => text.match(/\P{White_Space}+/gu) ?? [],
  Split: splitter,
  ByteLevel: byteLevel,
  Sequence: ({ pretokenizers }) => {
    const steps = pretokenizers.map((each) => made(SPLITTERS, each));
    return (text) => steps.reduce((words, step) => words.flatMap(step), [text]);
  },
};

/** Each puts the special tokens around the numbers of one text. */
const ENDINGS = {
  TemplateProcessing: ({ single, special_tokens: special }) => (ids) =>
    single.flatMap((piece) => (piece.Sequence ? ids : special[piece.SpecialToken.id].ids)),
  BertProcessing: ({ sep, cls }) => (ids) => [cls[1], ...ids, sep[1]],
  RobertaProcessing: ({ sep, cls }) => (ids) => [cls[1], ...ids, sep[1]],
  ByteLevel: () => (ids) => ids,
};

const BERT_SIGN = "!-/:-@\\[-`{-~\\p{P}";
const BERT_WORDS = new RegExp(`[${BERT_SIGN}]|[^${BERT_SIGN}\\p{White_Space}]+`, "gu");
// these are the words of another library, Rust's regex
const RUST_WORD = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
const WORDS_OR_SIGNS = new RegExp(`[${RUST_WORD}]+|[^${RUST_WORD}\\p{White_Space}]+`, "gu");

function made(table, part) {
  return table[part.type](part);
}

function inTurn(steps) {
  return (text) => steps.reduce((value, step) => step(value), text);
}

/** In lower case, each character for itself: a sigma at the end of a word stays one in the middle. */
function lowered(text) {
  return Array.from(text, (character) => character.toLowerCase()).join("");
}

function bertNormalizer({ clean_text: clean, handle_chinese_chars: chinese, strip_accents: accents, lowercase }) {
  return (text) => {
    if (clean) text = text.replace(/[\0\ufffd]|(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/gu, "").replace(/[\t\n\r]|\p{White_Space}/gu, " ");
    if (chinese) text = text.replace(CHINESE, " $& ");
    if (accents ?? lowercase) text = text.normalize("NFD").replace(/\p{Mn}/gu, "");
    return lowercase ? lowered(text) : text;
  };
}

const CHINESE = /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

function splitter({ pattern, behavior, invert }) {
  const found = pattern.Regex === undefined ? new RegExp(pattern.String.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "gu") : fromOniguruma(pattern.Regex);
  return (text) => {
    const words = [];
    let at = 0;
    for (const match of text.matchAll(found)) {
      if (match[0] === "") continue;
      words.push([text.slice(at, match.index), invert], [match[0], !invert]);
      at = match.index + match[0].length;
    }
    words.push([text.slice(at), invert]);
    return words.filter(([word, separates]) => word && !(separates && behavior === "Removed")).map(([word]) => word);
  };
}

const GPT2 = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

function byteLevel({ add_prefix_space: prefix, use_regex: split = true }) {
  return (text) => {
    const given = prefix && !text.startsWith(" ") ? ` ${text}` : text;
    return (split ? given.match(GPT2) ?? [] : [given]).map((word) => Array.from(new TextEncoder().encode(word), (byte) => BYTES[byte]).join(""));
  };
}

/** A visible character for each byte, as GPT-2's vocabulary writes them. */
const BYTES = (() => {
  let extra = 0;
  const plain = (byte) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(plain(byte) ? byte : 256 + extra++));
})();

/** Turns a cleaned text into the numbers of its tokens, int64 [1,T]; the middle of a long one is skipped. */
export class TokenReader {
  constructor({ normalizer, pre_tokenizer: splits, model, post_processor: ending, added_tokens: added }, { first, last = 0 }) {
    this.first = first;
    this.last = last;
    this.normalize = normalizer ? made(NORMALIZERS, normalizer) : (text) => text;
    this.split = splits ? made(SPLITTERS, splits) : (text) => [text];
    this.tokens = MODELS[model.type](model);
    this.ending = ending ? made(ENDINGS, ending) : (ids) => ids;
    this.added = new Map((added ?? []).map(({ content, id }) => [content, id]));
    const marks = [...this.added.keys()].sort((a, b) => b.length - a.length).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    this.marks = marks.length ? new RegExp(`(${marks.join("|")})`, "u") : null;
  }

  read(text) {
    const kept = this.withinMargins(text), parts = this.marks === null ? [kept] : kept.split(this.marks);
    const found = this.ending(parts.flatMap((part) => this.numbers(part)));
    const ids = found.length > this.first + this.last ? [...found.slice(0, this.first), ...(this.last ? found.slice(-this.last) : [])] : found;
    return { type: "int64", dims: [1, ids.length], data: BigInt64Array.from(ids, BigInt) };
  }

  numbers(part) {
    if (part === "") return [];
    const known = this.added.get(part);
    return known === undefined ? this.split(this.normalize(part)).flatMap(this.tokens) : [known];
  }

  withinMargins(text) {
    const margin = Math.max(MARGIN, PER_TOKEN * Math.max(this.first, this.last));
    if (text.length <= 2 * margin) return text;
    const characters = [...text];
    if (characters.length <= 2 * margin) return text;
    return `${characters.slice(0, margin).join("")} ${characters.slice(-margin).join("")}`;
  }
}

/** What is known of each part of a tokenizer.json; the export has the same table. */
export const PARTS = {
  normalizer: Object.keys(NORMALIZERS), pre_tokenizer: Object.keys(SPLITTERS), model: Object.keys(MODELS), post_processor: Object.keys(ENDINGS),
};
