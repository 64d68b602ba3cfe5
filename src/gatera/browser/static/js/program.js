// A program of Gatera in the browser: preprocessing, model, decoding. Use it from a page of your own:
//
//     import { loadProgram } from "./js/program.js";
//     const program = await loadProgram(new URL("./", document.baseURI));
//     const answer = await program.predict(file, { sure: 0.95 });     // as `predict(...).to_dict()` in Python
//
// Nothing is sent anywhere: files are read and computed on this machine.

import { about as aboutItself, Certainty } from "./certainty.js";
import { InputError } from "./errors.js";
import { checkWebAssembly, readAbout, readFile } from "./loading.js";
import { Preprocessing } from "./operations.js";
import { decode, TASKS } from "./tasks.js";
import { sentence } from "./phrases.js";

/**
 * Load the program whose page lies at `base`.
 * `onProgress(received, total)` is called while its files arrive; `threads` stays 1 unless the page is cross-origin isolated.
 * Throws an InputError whose `code` says what is wrong: files that are not those of the export, a browser without WebAssembly.
 */
export async function loadProgram(base, { onProgress = () => {}, threads = 1 } = {}) {
  checkWebAssembly();
  const about = await readAbout(base), total = about.files.reduce((sum, file) => sum + file.size, 0);
  let received = 0;
  const arrived = (count) => onProgress((received += count), total);
  const [runtime, ...contents] = await Promise.all([
    imported(new URL(about.runtime, base)),
    ...about.files.map((file) => readFile(file, base, arrived)),
  ]);
  const byName = Object.fromEntries(about.files.map((file, i) => [file.name, contents[i]]));
  runtime.env.wasm.numThreads = threads;
  runtime.env.wasm.wasmBinary = byName.runtime;
  const session = await runtime.InferenceSession.create(byName.model, { executionProviders: ["wasm"], logSeverityLevel: 4 });
  const entries = byName.tokenizer ? { "tokenizer.json": JSON.parse(new TextDecoder().decode(byName.tokenizer)) } : {};
  return new Program(about, runtime, session, entries);
}

async function imported(address) {
  try {
    return await import(address.href);
  } catch {
    throw new InputError("not_exported", { file: address.pathname });
  }
}

export class Program {
  constructor(about, runtime, session, entries) {
    this.about = about;
    this.task = about.task;
    this.vocab = about.decode.vocab;
    this.certainty = new Certainty(about.certainty);
    this.preprocess = new Preprocessing(about.preprocess, entries);
    this.runtime = runtime;
    this.session = session;
  }

  /**
   * Return the answer to one input as `Prediction.to_dict()` does in Python, and `why` and `notes`: codes and details of `phrases.js`.
   * `raw` is a Blob or bytes for photos and recordings (or {samples, rate}), a text, a row as an object; `sure` a level 0..1, or null.
   */
  async predict(raw, { sure = null } = {}) {
    if (sure !== null) this.certainty.level(sure);
    const { array, placement, notes } = await this.preprocess.run(raw);
    const { output, features } = await this.compute(array);
    const { data, dims } = output;
    const answer = decode(this.task, this.about.decode, data, dims.slice(1), TASKS[this.task].spatial ? placement : null);
    const { why = null, ...itself } = aboutItself(this.certainty, answer, this.vocab, features?.data ?? null, sure);
    const given = why === null ? answer : { ...answer, label: null, index: null };
    const plain = { ...TASKS[this.task].plain(given, this.vocab), ...itself };
    if (sure !== null) Object.assign(plain, { sure, reason: why === null ? null : sentence(why, "en") });
    return { ...plain, why, notes, mask: this.task === "segmentation" ? answer.label : null };
  }

  async compute({ type, dims, data }) {
    const { inputNames, outputNames } = this.session;
    const found = await this.session.run({ [inputNames[0]]: new this.runtime.Tensor(type, data, dims) });
    return { output: found[outputNames[0]], features: outputNames.length > 1 ? found[outputNames[1]] : null };
  }
}
