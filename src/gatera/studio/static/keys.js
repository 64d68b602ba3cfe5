// Which key does what. All can be changed; the server remembers it.
import { post } from "./ask.js";
import { element } from "./element.js";
import { MASK_KEYS } from "./painting.js";
import { say } from "./words.js";

/** What can be done, with its usual key, in the order of the list of keys. */
export const USUAL = {
  take: "Enter", skip: " ", prev: "ArrowLeft", next: "ArrowRight", undo: "u", redo: "r", flag: "f", similar: "s", filter: "/",
  grid: "g", mark: "x", new_label: "n", remove: "Backspace", note: "i", play: "p", point: "+", other_queue: "q", train: "t", model: "m", help: "?",
};

const FOR_LABELS = [..."1234567890abcdehjklovwyz"];

const NONE = "none"; // an action whose key was given to another
let actions = USUAL;
let chosen = {};
let ofLabel = new Map();
let taken = new Set(); // keys that were chosen, perhaps before another action had them
const usual = new Map(); // keys that labels got; a label that goes keeps its, or all behind it would move

export function useMasks() {
  actions = { ...USUAL, ...MASK_KEYS };
  for (const action of ["similar", "new_label", "play", "point", "train", "model", "mark"]) delete actions[action];
}

/** Use the keys that a person chose, and give labels theirs. */
export function setKeys(keys, labels) {
  chosen = keys;
  const used = new Set(Object.entries(actions).map(([action, key]) => keys[action] ?? key));
  taken = new Set([...Object.keys(actions), ...labels.map((label) => `label:${label}`)].map((each) => keys[each]));
  for (const key of taken) used.add(key);
  for (const [label, key] of usual) if (used.has(key)) usual.delete(label);
  const free = FOR_LABELS.filter((key) => !used.has(key) && ![...usual.values()].includes(key));
  for (const label of labels) if (!keys[`label:${label}`] && !usual.get(label)) usual.set(label, free.shift() ?? "");
  ofLabel = new Map(labels.map((label) => [label, keys[`label:${label}`] ?? usual.get(label)]));
}

/** The label that an action gives; "" for none. */
export const labelOf = (action) => (action.startsWith("label:") ? action.slice(6) : "");

export function keyOf(action) {
  const key = ofLabel.get(labelOf(action)) ?? chosen[action] ?? (taken.has(actions[action]) ? "" : actions[action]);
  return !key || key === NONE ? "" : key;
}

/** What a key event asks for: an action such as "skip" or "label:cat"; null for none. */
export function actionOf(event) {
  const key = nameOf(event);
  if ((event.ctrlKey || event.metaKey) && !event.altKey) return key === "z" ? (event.shiftKey ? "redo" : "undo") : null;
  if (event.altKey) return null;
  return all().find((action) => keyOf(action) === key) ?? null;
}

/** The name of a key. Where another script is written, or digits need Shift, its place on the keyboard counts. */
export function nameOf({ key, code = "", shiftKey }) {
  if (key.length > 1) return key;
  if (key > "\u024f" && code.startsWith("Key")) return code[3].toLowerCase();
  return !shiftKey && code.startsWith("Digit") ? code[5] : key.toLowerCase();
}

const SHORT = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Enter: "⏎", Backspace: "⌫", Escape: "Esc" };

export function shown(key) {
  return key === " " ? say("space") : SHORT[key] || (key.length === 1 ? key.toUpperCase() : key);
}

const all = () => [...[...ofLabel.keys()].map((label) => `label:${label}`), ...Object.keys(actions)];

export function called(action) {
  const words = "brush" in actions ? { take: "right", remove: "give_up" }[action] : "";
  return labelOf(action) || say(words || action);
}

const PLAIN = /^(Shift|Control|Alt|Meta|Caps|Dead|Process|Unid)/;

/** Fill the list of keys. `done` is called after a change. */
export function listKeys(body, heading, done) {
  body.replaceChildren();
  for (const action of all()) {
    const row = body.insertRow();
    row.insertCell().textContent = called(action);
    const key = shown(keyOf(action)) || "–";
    row.insertCell().append(element("button", [element("kbd", key)], { ariaLabel: `${called(action)}: ${key}`, onclick: () => change(action, heading, done) }));
  }
}

function change(action, said, done) {
  said.textContent = say("press", { what: called(action) });
  const listen = async (event) => {
    if (PLAIN.test(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    document.removeEventListener("keydown", listen, true);
    said.textContent = "";
    if (event.key === "Escape" || event.key === "Tab") return;
    const key = nameOf(event);
    const keys = { ...chosen };
    const other = all().find((each) => each !== action && keyOf(each) === key);
    keys[action] = key;
    if (other && labelOf(other)) delete keys[other];
    else if (other) keys[other] = NONE;
    done(await keepKeys(keys));
    if (other && !keyOf(other)) said.textContent = say("taken", { key: shown(key), what: called(other) });
  };
  document.addEventListener("keydown", listen, true);
}

export async function keepKeys(keys) {
  const kept = (await post("api/keys", keys)).keys;
  setKeys(kept, [...ofLabel.keys()]);
  return kept;
}
