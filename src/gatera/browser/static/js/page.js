// The page of one program: load it, take inputs, show answers.

import { InputError } from "./errors.js";
import { makeInput } from "./forms.js";
import { PHRASES, sentence } from "./phrases.js";
import { loadProgram } from "./program.js";
import { answerCard } from "./answers.js";
import { say, setLanguage, speak, spoken } from "./words.js";

const byId = (id) => document.getElementById(id);
const cards = [];
let waiting = Promise.resolve();
let program = null;

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}

async function start() {
  speak(PHRASES);
  byId("language").addEventListener("click", () => {
    setLanguage(spoken() === "en" ? "es" : "en");
    for (const card of cards) card.write();
    if (program) writeAbout();
  });
  byId("clear").addEventListener("click", () => {
    for (const card of cards.splice(0)) card.remove();
    byId("results").hidden = true;
    byId("input").querySelector("button, textarea, select, input:not([type=file])")?.focus();
  });
  try {
    program = await loadProgram(new URL("./", document.baseURI), { onProgress: progress });
  } catch (err) {
    byId("loading").hidden = true;
    return trouble(say("failed", { why: err.message }));
  }
  byId("loading").hidden = true;
  byId("input").hidden = false;
  makeInput(byId("input"), program, { give, trouble });
  writeAbout();
  document.body.dataset.ready = "yes";
}

function progress(received, total) {
  byId("progress").value = total ? received / total : 1;
  byId("loading-words").textContent = received < total ? say("loading", { done: megabytes(received), total: megabytes(total) }) : say("starting");
}

function writeAbout() {
  const { sha256, gatera } = program.about;
  byId("made").textContent = say("made", { sha: sha256.slice(0, 12), version: gatera });
}

/** Show what is wrong; nothing for null. */
function trouble(text) {
  byId("trouble").hidden = !text;
  byId("trouble").textContent = text ?? "";
}

/** Predict one input after the others; `shown` says how its card shows it. */
function give(raw, shown, sure) {
  trouble(null);
  waiting = waiting.then(async () => {
    const begin = performance.now();
    try {
      const answer = await program.predict(raw, { sure });
      const card = answerCard(program, answer, shown, performance.now() - begin);
      cards.unshift(card);
      byId("list").prepend(card.element);
      byId("results").hidden = false;
    } catch (err) {
      trouble(`${shown.name}: ${err instanceof InputError ? sentence(err, spoken()) : say("broken", { why: err.message })}`);
    }
  });
  return waiting;
}

start();
