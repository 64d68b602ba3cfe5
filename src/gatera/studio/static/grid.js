// Twenty-four items: what is proposed for each is confirmed by one key; exceptions are marked, or given another label.
import { element } from "./one.js";
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
  const made = element("div", "", { className: "cell", id: `cell-${n}` });
  made.setAttribute("role", "option");
  if (kind === "photos") made.append(element("img", "", { src: `small/${item.i}`, alt: "", loading: "lazy" }));
  else if (kind === "recordings") made.append(element("img", "", { src: `spectrogram/${item.i}`, alt: "", loading: "lazy" }));
  else made.append(element("div", item.text ?? Object.entries(item.row || {}).map((pair) => pair.join(": ")).join("\n"), { className: "text" }));
  made.append(element("b"), element("span", item.name, { className: "name" }));
  made.addEventListener("click", () => {
    focus = n;
    toggle();
  });
  made.addEventListener("dblclick", () => open(item));
  return made;
}

/** What would be kept for an item if the page were confirmed; "" for nothing. */
function proposal(item) {
  return changed.get(item.i) ?? (item.label || item.guess?.label || sticky);
}

function paint() {
  items.forEach((item, n) => {
    const made = box.children[n];
    const label = proposal(item);
    made.querySelector("b").textContent = label || say("no_label");
    made.setAttribute("aria-selected", String(marks.has(item.i)));
    made.setAttribute("aria-label", `${item.name}: ${label || say("no_label")}${marks.has(item.i) ? `, ${say("marked")}` : ""}`);
    made.classList.toggle("changed", changed.has(item.i));
    made.classList.toggle("kept", item.mine);
    made.tabIndex = n === focus ? 0 : -1;
  });
}

/** The item in focus. */
export function inFocus() {
  return items[focus];
}

/** Move the focus by so many cells; false where it would leave the page. */
export function move(by) {
  const to = focus + by;
  if (to < 0 || to >= items.length) return false;
  focus = to;
  paint();
  box.children[focus].focus();
  return true;
}

/** How many cells stand in a line. */
export function across() {
  return getComputedStyle(box).gridTemplateColumns.split(" ").length;
}

/** Put the focus at the beginning of the page. */
export function toStart() {
  focus = 0;
  if (!box || !items.length) return;
  paint();
  box.children[0].focus();
}

/** Mark the item in focus as an exception, or not any more. */
export function toggle() {
  const item = items[focus];
  if (!item) return;
  if (!marks.delete(item.i)) marks.add(item.i);
  paint();
  box.children[focus].focus();
}

/** Give a label: to the marked items; else to all that have none; else to the one in focus. */
export function give(label) {
  const without = items.filter((item) => !item.label && !item.guess && !changed.has(item.i));
  if (marks.size) for (const item of items) if (marks.has(item.i)) changed.set(item.i, label);
  if (!marks.size && without.length) sticky = label;
  if (!marks.size && !without.length && items[focus]) changed.set(items[focus].i, label);
  marks.clear();
  paint();
}

/** What is to be kept when the page is confirmed: labels by position. Exceptions are left out. */
export function confirmed() {
  const found = {};
  for (const item of items) {
    const label = proposal(item);
    if (label && !marks.has(item.i)) found[item.i] = label;
  }
  return found;
}
