// Twenty-four items: what is proposed is confirmed by one key, but for exceptions that are marked.
import { address } from "./ask.js";
import { element } from "./element.js";
import { image, saidByOthers } from "./one.js";
import { say } from "./words.js";

export const PAGE = 24;

let items = [];
let kind = "";
let box = null;
let focus = 0;
let sticky = "";
const marks = new Set();
const changed = new Map();

/** Show a page. `open` is called with an item that is to be seen large. */
export function showGrid(into, page, kindOfItems, open) {
  [items, kind, box, focus] = [page, kindOfItems, into, Math.min(focus, Math.max(0, page.length - 1))];
  marks.clear();
  changed.clear();
  box.replaceChildren(...items.map((item, n) => cell(item, n, open)));
  paint();
}

function cell(item, n, open) {
  const picture = { photos: "small", masks: "over", recordings: "spectrogram" }[kind];
  const of = item.mask ? { v: item.mask.v } : item.points && { points: JSON.stringify(item.points) };
  return element("div.cell", [
    picture ? image(address(`${picture}/${item.i}`, of)) : element("div.text", item.text ?? Object.entries(item.row || {}).map((pair) => pair.join(": ")).join("\n")),
    element("b"),
    element("span.name", item.name),
    element("span", saidByOthers(item)),
  ], {
    id: `cell-${n}`,
    role: "option",
    onclick() {
      focus = n;
      if (kind === "masks") open(item);
      else toggle();
    },
    ondblclick: () => open(item),
  });
}

/** What would be kept for an item if the page were confirmed; "" for nothing. */
function proposal(item) {
  return changed.get(item.i) ?? (item.label || item.guess?.label || sticky);
}

/** Whether the page has something to confirm. */
export const proposes = () => marks.size || items.some(proposal);

function paint() {
  items.forEach((item, n) => {
    const made = box.children[n];
    const label = proposal(item);
    const shown = label || (item.mask && item.why) || say("no_label");
    made.querySelector("b").textContent = shown;
    made.ariaSelected = marks.has(item.i);
    made.ariaLabel = `${item.name}: ${shown}${marks.has(item.i) ? `, ${say("marked")}` : ""}${item.others ? `. ${saidByOthers(item)}` : ""}`;
    made.classList.toggle("changed", changed.has(item.i));
    made.classList.toggle("kept", item.mine);
    made.tabIndex = n === focus ? 0 : -1;
  });
}

/** Which of the page has the focus: 0 for the first. */
export const inFocus = () => focus;

function focusOn(place) {
  focus = place;
  paint();
  box.children[place].focus();
}

/** Move the focus by so many cells; false where it would leave the page. */
export function move(by) {
  const to = focus + by;
  if (to < 0 || to >= items.length) return false;
  focusOn(to);
  return true;
}

export const across = () => (items.length ? getComputedStyle(box).gridTemplateColumns.split(" ").length : 1);

export function toStart() {
  if (items.length) focusOn(0);
  else focus = 0;
}

export function toggle() {
  const item = items[focus];
  if (!item) return;
  if (!marks.delete(item.i)) marks.add(item.i);
  focusOn(focus);
}

/** Give a label: to the marked items; else to all that have none; else to the one in focus. */
export function give(label) {
  if (marks.size) for (const i of marks) changed.set(i, label);
  else if (items.some((item) => !item.label && !item.guess && !changed.has(item.i))) sticky = label;
  else if (items[focus]) changed.set(items[focus].i, label);
  marks.clear();
  paint();
}

/** What is to be kept when the page is confirmed: labels by position. Exceptions are left out. */
export function confirmed() {
  const kept = items.filter((item) => proposal(item) && !marks.has(item.i));
  return Object.fromEntries(kept.map((item) => [item.i, proposal(item)]));
}
