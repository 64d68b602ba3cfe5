// How sure an answer is: sets of labels, intervals, novelty, and when to say "I don't know": the twin of gatera/program/certain.

import { argmax, below, unpack } from "./arrays.js";
import { InputError } from "./errors.js";

const DEFAULT_LEVELS = [0.95, 0.9, 0.8, 0.5];
const ROUNDING = 1e-9, WEIGHT_ROUNDING = 6e-8;
const NEIGHBOURS = 5, ALARM = 0.99, DISTANCE_ROUNDING = 2e-5;

/** How many held-out items a level needs. */
function leastItems(level) {
  return Math.ceil(level / (1 - level) - ROUNDING);
}

export class Certainty {
  /** `stored` is the object "certainty" of the program, or null. */
  constructor(stored) {
    this.heldOut = stored?.held_out ?? 0;
    this.labels = stored?.labels ? scoresOf(stored.labels) : null;
    this.answers = answersOf(stored?.labels, "");
    this.sets = answersOf(stored?.labels, "sets_");
    this.numbers = stored?.numbers ? scoresOf(stored.numbers) : null;
    this.scale = stored?.numbers ? unpack(stored.numbers.scale).values : null;
    this.novelty = stored?.features ? new Novelty(stored.features) : null;
  }

  /** Whether levels can be asked for. */
  get known() {
    return this.labels !== null || this.numbers !== null;
  }

  /** Return a level that the held-out items support: the usual one for null. */
  level(asked) {
    const n = this.heldOut;
    if (asked === null) return DEFAULT_LEVELS.find((level) => leastItems(level) <= n) ?? DEFAULT_LEVELS.at(-1);
    if (!(asked > 0 && asked < 1)) throw new InputError("level", { level: asked });
    if (leastItems(asked) > n) throw new InputError("level_items", { level: asked, needed: leastItems(asked), got: n });
    return asked;
  }

  /** Which labels cannot be ruled out. */
  inSet(probabilities, level) {
    const cutoff = cutoffOf(this.labels, this.level(level), this.heldOut);
    const found = Array.from(probabilities, (p) => 1 - p <= cutoff);
    if (this.answers !== null) found[argmax(probabilities)] = true;
    return found;
  }

  halfWidth(level) {
    const cutoff = cutoffOf(this.numbers, this.level(level), this.heldOut);
    return Array.from(this.scale, (each) => each * cutoff);
  }

  /** The lowest probability from which on a share of the held-out answers was right; 2 if there is none. */
  leastProbability(level, { right, wrong }) {
    const every = Float32Array.from([...right, ...wrong]).sort();
    for (let i = 0; i < every.length; i++) {
      if (i > 0 && every[i] === every[i - 1]) continue;
      const answered = every.length - i, mistaken = wrong.length - below(wrong, every[i]);
      if ((1 + mistaken) / (1 + answered) <= 1 - level + ROUNDING) return every[i];
    }
    return 2;
  }
}

function answersOf(stored, of) {
  const right = stored?.[`${of}right`];
  return right ? { right: unpack(right).values, wrong: unpack(stored[`${of}wrong`]).values } : null;
}

function scoresOf({ scores, weights }) {
  return { values: unpack(scores).values, weights: weights ? unpack(weights).values : null };
}

function cutoffOf({ values, weights }, level, n) {
  let allowed = (1 - level) * (n + 1) - 1 + ROUNDING;
  if (weights !== null) allowed += weights.length * WEIGHT_ROUNDING;
  if (!values.length) return 0;
  let above = weights === null ? values.length : weights.reduce((sum, weight) => sum + weight, 0);
  for (let i = 0; i < values.length; i++) {
    above -= weights === null ? 1 : weights[i];
    if (above <= allowed) return values[i];
  }
  return values.at(-1);
}

class Novelty {
  constructor({ reference, scores }) {
    const { shape, values } = unpack(reference);
    [this.count, this.width] = shape;
    this.reference = values;
    this.scores = unpack(scores).values;
    const n = this.scores.length;
    this.alarm = Math.min(ALARM, (n - 0.5) / (n + 1));
    this.room = DISTANCE_ROUNDING * Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / this.count);
  }

  /** The share of held-out items that look less odd than an input with these features. */
  of(features) {
    const squares = new Float64Array(this.count);
    for (let row = 0, at = 0; row < this.count; row++) {
      for (let i = 0; i < this.width; i++, at++) squares[row] += (this.reference[at] - features[i]) ** 2;
    }
    const near = squares.sort().subarray(0, NEIGHBOURS);
    const score = Math.fround(near.reduce((sum, square) => sum + Math.sqrt(square), 0) / near.length);
    return below(this.scores, score - this.room) / (this.scores.length + 1);
  }
}

/** Return set, interval, novelty and why there is no answer, as `about_itself` of a prediction does. `answer` has the decoded task. */
export function about(certainty, answer, vocab, features, sure) {
  const said = {};
  const counts = certainty.heldOut > 0;
  if (certainty.labels !== null && counts) said.set = setOf(certainty, answer.probabilities, vocab, sure);
  if (certainty.numbers !== null && counts) said.interval = intervals(certainty, answer.probabilities, sure);
  const novelty = certainty.novelty !== null && features !== null ? certainty.novelty.of(features) : null;
  const novel = novelty !== null && novelty > certainty.novelty.alarm;
  if (novelty !== null) Object.assign(said, { novelty: Math.round(novelty * 1e4) / 1e4, novel });
  if (sure !== null) said.why = whyUnsure(certainty, answer, vocab, sure, novelty, novel);
  return said;
}

function setOf(certainty, probabilities, vocab, level) {
  const possible = certainty.inSet(probabilities, level);
  const places = [...possible.keys()].filter((place) => possible[place]);
  return places.sort((a, b) => probabilities[b] - probabilities[a] || a - b).map((place) => vocab[place]);
}

function intervals(certainty, values, level) {
  const half = certainty.halfWidth(level);
  const pairs = Array.from(values, (value, i) => [value - half[i], value + half[i]]);
  return pairs.length === 1 ? pairs[0] : pairs;
}

/** Return why an answer is not given at a level, as a code and details of `phrases.js`; null if it is. */
function whyUnsure(certainty, answer, vocab, sure, novelty, novel) {
  if (novel) return { code: "novel", details: { novelty } };
  if (certainty.labels === null) return null;
  const inside = setOf(certainty, answer.probabilities, vocab, sure);
  if (certainty.answers === null) return whyOpen(certainty, answer, sure, inside);
  if (inside.length > 1) return { code: "several", details: { sure, labels: inside } };
  const { label, probabilities, index } = answer;
  return whyImprobable(certainty, { label }, probabilities[index], certainty.answers, sure, "");
}

/** The same where an input may have several labels; programs made before `sets` was stored know only which are open. */
function whyOpen(certainty, answer, sure, inside) {
  const lacks = certainty.sets !== null ? [] : answer.label.filter((label) => !inside.includes(label));
  const undecided = [...inside.filter((label) => !answer.label.includes(label)), ...lacks];
  if (undecided.length) return { code: "open", details: { sure, labels: undecided } };
  if (certainty.sets === null) return null;
  const all = Array.from(answer.probabilities).reduce((product, p, i) => product * (answer.index[i] ? p : 1 - p), 1);
  return whyImprobable(certainty, { labels: answer.label }, Math.fround(all), certainty.sets, sure, "all_");
}

function whyImprobable(certainty, named, probability, known, sure, of) {
  const least = certainty.leastProbability(sure, known);
  if (probability >= least) return null;
  return { code: of + (least <= 1 ? "too_low" : "never_sure"), details: { ...named, probability, least, sure } };
}
