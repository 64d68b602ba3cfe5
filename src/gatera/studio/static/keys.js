// Which key does what. Everything can be given another key; the server remembers it.
import { post } from "./ask.js";
import { say } from "./words.js";

/** What can be done, with its usual key, in the order of the list of keys. */
export const USUAL = {
  take: "Enter", skip: " ", prev: "ArrowLeft", next: "ArrowRight", undo: "u", redo: "r", flag: "f", similar: "s", filter: "/",
  grid: "g", mark: "x", new_label: "n", remove: "Backspace", note: "i", play: "p", other_queue: "q", train: "t", model: "m", help: "?",
};

const FOR_LABELS = [..."1234567890abcdehjklovwyz"];

const NONE = "none"; // an action whose key was given to another
let chosen = {};
let ofLabel = new Map();

/** Use the keys that a person chose, and give labels theirs. */
export function setKeys(keys, labels) {
  chosen = keys;
  const used = new Set(Object.values(USUAL).map((key, i) => keys[Object.keys(USUAL)[i]] ?? key));
  for (const label of labels) if (keys[`label:${label}`]) used.add(keys[`label:${label}`]);
  const free = FOR_LABELS.filter((key) => !used.has(key));
  ofLabel = new Map();
  for (const label of labels) ofLabel.set(label, keys[`label:${label}`] ?? free.shift() ?? "");
}

/** The key of an action; "" where it has none. */
export function keyOf(action) {
  const key = action.startsWith("label:") ? ofLabel.get(action.slice(6)) : chosen[action] ?? USUAL[action];
  return !key || key === NONE ? "" : key;
}

/** What a key event asks for: an action such as "skip" or "label:cat"; null for none. */
export function actionOf(event) {
  const key = nameOf(event);
  if ((event.ctrlKey || event.metaKey) && !event.altKey) return key === "z" ? (event.shiftKey ? "redo" : "undo") : null;
  if (event.altKey) return null;
  for (const action of Object.keys(USUAL)) if (keyOf(action) === key) return action;
  for (const [label, own] of ofLabel) if (own && own === key) return `label:${label}`;
  return null;
}

/** The name of a key as it is kept. */
export function nameOf(event) {
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

const SHORT = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "⏎", Backspace: "⌫", Escape: "Esc" };

/** A key as people read it. */
export function shown(key) {
  return key === " " ? say("space") : SHORT[key] || (key.length === 1 ? key.toUpperCase() : key);
}

/** What an action is called. */
export function called(action) {
  return action.startsWith("label:") ? action.slice(6) : say(action);
}

const PLAIN = ["Shift", "Control", "Alt", "Meta", "Tab", "Escape", "CapsLock", "Dead", "Process", "Unidentified", "AltGraph"];

/** Fill the list of keys; each can be changed there. `done` is called after a change. */
export function listKeys(body, heading, labels, done) {
  body.replaceChildren();
  for (const action of [...labels.map((label) => `label:${label}`), ...Object.keys(USUAL)]) {
    const row = body.insertRow();
    row.insertCell().textContent = called(action);
    const button = document.createElement("button");
    button.append(Object.assign(document.createElement("kbd"), { textContent: shown(keyOf(action)) || "–" }));
    button.setAttribute("aria-label", `${called(action)}: ${shown(keyOf(action)) || "–"}`);
    button.addEventListener("click", () => change(action, button, heading, labels, done));
    row.insertCell().append(button);
  }
}

function change(action, button, said, labels, done) {
  said.textContent = say("press", { what: called(action) });
  const listen = async (event) => {
    if (PLAIN.includes(event.key) && event.key !== "Escape" && event.key !== "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    document.removeEventListener("keydown", listen, true);
    said.textContent = "";
    if (event.key === "Escape" || event.key === "Tab") return;
    const key = nameOf(event);
    const keys = { ...chosen };
    const other = [...Object.keys(USUAL), ...labels.map((label) => `label:${label}`)].find((each) => each !== action && keyOf(each) === key);
    keys[action] = key;
    if (other && !other.startsWith("label:")) keys[other] = NONE;
    if (other?.startsWith("label:")) delete keys[other];
    done(await keepKeys(keys, labels));
    if (other && !keyOf(other)) said.textContent = say("taken", { key: shown(key), what: called(other) });
  };
  document.addEventListener("keydown", listen, true);
}

/** Remember keys; returns them. */
export async function keepKeys(keys, labels) {
  const kept = (await post("api/keys", keys)).keys;
  setKeys(kept, labels);
  return kept;
}
