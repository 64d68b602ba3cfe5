// From the model's output to an answer, for each kind of task: the twin of gatera/program/decode.py, tasks.py and placing.py.

import { argmax, shortest } from "./arrays.js";
import { scaledFloats } from "./photo/resize.js";
import { toPhoto, whole } from "./photo/placement.js";

const NOT_SEEN = 255;

/** What is done to the logits, float64, by the name that the program gives it; `classes` is how many there are. */
const ACTIVATIONS = {
  softmax(logits, classes) {
    const each = logits.length / classes, out = new Float64Array(logits.length);
    for (let i = 0; i < each; i++) {
      let most = -Infinity, sum = 0;
      for (let k = 0; k < classes; k++) most = Math.max(most, logits[k * each + i]);
      for (let k = 0; k < classes; k++) sum += out[k * each + i] = Math.exp(logits[k * each + i] - most);
      for (let k = 0; k < classes; k++) out[k * each + i] /= sum;
    }
    return out;
  },
  sigmoid: (logits) => logits.map((value) => 0.5 * (1 + Math.tanh(0.5 * value))),
  none: (logits) => logits,
};

/** Each kind of task: `decode(scores, context, dims)` gives {label, index, probabilities}, `plain` what `predict` returns of it. */
export const TASKS = {
  classification: {
    decode(scores, { vocab }) {
      const index = argmax(scores);
      return { label: vocab[index], index, probabilities: Float32Array.from(scores) };
    },
    plain: ({ label, index, probabilities }, vocab) => ({
      label, index, probability: index === null ? null : shortest(probabilities[index]), probabilities: byLabel(probabilities, vocab),
    }),
  },
  multilabel: {
    decode(scores, { vocab, threshold }) {
      const applies = Array.from(scores, (score, i) => score > (Array.isArray(threshold) ? threshold[i] : threshold));
      return { label: vocab.filter((_, i) => applies[i]), index: applies, probabilities: Float32Array.from(scores) };
    },
    plain: ({ label, index, probabilities }, vocab) => ({
      label, index, probability: index === null ? null : Array.from(probabilities).filter((_, i) => index[i]).map(shortest),
      probabilities: byLabel(probabilities, vocab),
    }),
  },
  regression: {
    decode(scores) {
      const values = Float32Array.from(scores);
      return { label: values.length === 1 ? values[0] : Array.from(values), index: values, probabilities: values };
    },
    plain: ({ label }) => ({ value: label }),
  },
  segmentation: { activation: "softmax", spatial: true, decode: decodeMask, plain: maskShares },
  points: {
    activation: "none", spatial: true,
    decode(scores, { placement }) {
      const values = Float32Array.from(scores), place = placement ?? whole([1, 1]), points = [];
      for (let i = 0; i < values.length; i += 2) {
        points.push(toPhoto(place, [((values[i] + 1) / 2) * place.size[1], ((values[i + 1] + 1) / 2) * place.size[0]]));
      }
      return { label: points, index: values, probabilities: values };
    },
    plain: ({ label }) => ({ points: label }),
  },
};

/** Return the answer to one row of the model's output, `dims` being its shape without the first axis. */
export function decode(task, decoding, logits, dims, placement) {
  const kind = TASKS[task], { vocab, temperature, activation } = decoding;
  const divided = Float64Array.from(logits, (value) => value / temperature);
  if (divided.some((value) => !Number.isFinite(value))) throw new Error("the model gives values that are not numbers");
  const scores = ACTIVATIONS[kind.activation ?? activation](divided, dims[0] ?? 1);
  return kind.decode(scores, { ...decoding, vocab, placement }, dims);
}

function byLabel(probabilities, vocab) {
  return Object.fromEntries(vocab.map((label, i) => [String(label), shortest(probabilities[i])]));
}

function decodeMask(scores, { placement }, [classes, height, width]) {
  const place = placement ?? whole([height, width]), probabilities = Float32Array.from(scores);
  const [photoHeight, photoWidth] = place.photo, mask = new Uint8Array(photoHeight * photoWidth).fill(NOT_SEEN);
  const [columns, left, right] = seen(place, 0), [rows, top, bottom] = seen(place, 1);
  const seenHeight = rows[1] - rows[0], seenWidth = columns[1] - columns[0];
  const best = new Float32Array(seenHeight * seenWidth).fill(-Infinity);
  for (let k = 0; k < classes && best.length; k++) {
    const own = probabilities.subarray(k * height * width, (k + 1) * height * width);
    const found = scaledFloats(own, [height, width], [seenHeight, seenWidth], [left, top, right, bottom]);
    for (let i = 0; i < best.length; i++) {
      if (!(found[i] > best[i])) continue;
      best[i] = found[i];
      mask[(rows[0] + Math.floor(i / seenWidth)) * photoWidth + columns[0] + (i % seenWidth)] = k;
    }
  }
  return { label: { height: photoHeight, width: photoWidth, mask }, index: null, probabilities };
}

/** The range of the photo's pixels whose centres the model saw, and where it lies in the model's input. */
function seen({ photo, size, scale, offset }, axis) {
  const length = photo[1 - axis], n = size[1 - axis];
  const first = Math.min(length, Math.max(0, Math.ceil(offset[axis] - 0.5)));
  const stop = Math.min(length, Math.max(first, Math.ceil(offset[axis] + n * scale[axis] - 0.5)));
  return [[first, stop], Math.max(0, (first - offset[axis]) / scale[axis]), Math.min(n, (stop - offset[axis]) / scale[axis])];
}

function maskShares({ label: { height, width, mask } }, vocab) {
  const counts = new Array(NOT_SEEN + 1).fill(0);
  for (const value of mask) counts[value]++;
  const share = (count) => Math.round((count / mask.length) * 1e6) / 1e6;
  return { height, width, shares: Object.fromEntries(vocab.map((label, i) => [String(label), share(counts[i])])), not_seen: share(counts[NOT_SEEN]) };
}
