// The operations that a program's preprocessing names, each with its twin here. `gatera export --web` compares this table with its own.

import { readPhoto } from "./photo/read.js";
import { centerCrop, resizePhoto, resizeShorter, resizeSteps } from "./photo/resize.js";
import { combined, middle, shorterSide, squish, then } from "./photo/placement.js";
import { SoundReader } from "./sound/spectrogram.js";
import { PairReader, RowReader } from "./table/row.js";
import { markWords, readText } from "./text/read.js";
import { TokenReader } from "./text/tokenizer.js";

/**
 * `make(fields, entries)` returns what does the step: a function of the value before, and of a list that takes notes.
 * `places(size, fields)` says where it puts a photo.
 */
export const OPERATIONS = {
  read_photo: { make: (fields) => (raw, notes) => readPhoto(raw, fields, notes) },
  resize: {
    make: (fields) => (photo) => resizePhoto(photo, fields),
    places: (size, { size: to, method = "crop" }) => resizeSteps(size, to, method),
  },
  resize_shorter: { make: (fields) => (photo) => resizeShorter(photo, fields), places: (size, fields) => [shorterSide(size, fields.size)] },
  center_crop: { make: (fields) => (photo) => centerCrop(photo, fields), places: (size, fields) => [middle(size, fields.size)] },
  read_sound: { make: (fields) => asFunction(new SoundReader(fields)) },
  read_text: { make: (fields) => (raw) => readText(raw, fields) },
  mark_words: { make: () => markWords },
  tokenize: { make: (fields, entries) => asFunction(new TokenReader(entries["tokenizer.json"], fields)) },
  read_row: { make: (fields) => asFunction(new RowReader(fields)) },
  read_pair: { make: (fields) => asFunction(new PairReader(fields)) },
};

function asFunction(reader) {
  return Object.assign((value, notes) => reader.read(value, notes), { reader });
}

/** A program's preprocessing: `run(raw)` gives {array: {type, dims, data}, placement, notes}. */
export class Preprocessing {
  constructor(steps, entries) {
    this.config = steps;
    this.steps = steps.map(({ op, ...fields }) => OPERATIONS[op].make(fields, entries));
  }

  /** What does the first step, for forms. */
  get reader() {
    return this.steps[0].reader ?? null;
  }

  async run(raw) {
    const notes = [];
    let placement = null, value = await this.steps[0](raw, notes);
    if (this.config[0].op === "read_photo") {
      placement = this.placementOf(value);
      value = value.photo;
    }
    for (const step of this.steps.slice(1)) value = step(value, notes);
    return { array: asArray(value), placement, notes };
  }

  placementOf({ photo, size }) {
    const decoded = squish(size, [photo.height, photo.width]), steps = [];
    for (const { op, ...fields } of this.config.slice(1)) steps.push(...OPERATIONS[op].places(steps.at(-1)?.size ?? decoded.size, fields));
    return then(decoded, combined(decoded.size, steps));
  }
}

/** A photo becomes uint8 [1,H,W,C]; other readers give arrays. */
function asArray(value) {
  if (!("channels" in value)) return value;
  return { type: "uint8", dims: [1, value.height, value.width, value.channels], data: value.data };
}
