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
let troubles = []; // each makes its sentence
let inputs = 0; // given and not answered yet

function megabytes(bytes) {
  return (bytes / 1e6).toFixed(1);
}

async function start() {
  speak(PHRASES);
  byId("language").addEventListener("click", () => {
    setLanguage(spoken() === "en" ? "es" : "en");
    for (const card of cards) card.write();
    writeTroubles();
    if (program) writeAbout();
  });
  byId("clear").addEventListener("click", () => {
    trouble(null);
    for (const card of cards.splice(0)) card.remove();
    byId("results").hidden = true;
    byId("input").querySelector("button, textarea, select, input:not([type=file])")?.focus();
  });
  try {
    program = await loadProgram(new URL("./", document.baseURI), { onProgress: progress });
  } catch (err) {
    byId("loading").hidden = true;
    return trouble(() => say("failed", { why: explained(err, "reason") }));
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

/** Say what is wrong, below what was said before; `words` makes the sentence, in the language of the page. null forgets all of it. */
function trouble(words) {
  troubles = words === null ? [] : [...troubles, words];
  writeTroubles();
}

function writeTroubles() {
  byId("trouble").hidden = troubles.length === 0;
  byId("trouble").textContent = troubles.map((words) => words()).join("\n");
}

function waitingFor(change) {
  inputs += change;
  byId("waiting").textContent = inputs > 1 ? say("waiting", { count: inputs }) : "";
}

/** Predict one input after the others; `shown` says how its card shows it. What is wrong with others given at the same time stays in sight. */
function give(raw, shown, sure) {
  if (inputs === 0) trouble(null);
  waitingFor(+1);
  waiting = waiting.then(async () => {
    const begin = performance.now();
    try {
      const answer = await program.predict(raw, { sure });
      const card = answerCard(program, answer, shown, performance.now() - begin);
      cards.unshift(card);
      byId("list").prepend(card.element);
      byId("results").hidden = false;
    } catch (err) {
      trouble(() => `${shown.name}: ${explained(err, "broken")}`);
    }
    waitingFor(-1);
  });
  return waiting;
}

/** An error in words; one that is not ours as the reason of `otherwise`. */
function explained(err, otherwise) {
  return err instanceof InputError ? sentence(err, spoken()) : say(otherwise, { why: err.message });
}

start();
