// What is wrong with an input or with the files of the page, as a code and its details; `phrases.js` has the sentences in each language.

export class InputError extends Error {
  /** `code` names a sentence of `phrases.js`, and `details` fill it. */
  constructor(code, details = {}) {
    super(`${code} ${JSON.stringify(details)}`);
    this.name = "InputError";
    this.code = code;
    this.details = details;
  }
}
