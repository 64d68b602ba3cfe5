// The page: what is shown, and what each key does. A decision is on the disk before the next item comes.
import { decide, get, post, setWho } from "./ask.js";
import { element } from "./element.js";
import * as grid from "./grid.js";
import { actionOf, called, keepKeys, keyOf, labelOf, listKeys, setKeys, shown, useMasks } from "./keys.js";
import * as masks from "./painting.js";
import { prepare, saidByOthers, showOne } from "./one.js";
import { showPanel } from "./panel.js";
import { addPoint } from "./points.js";
import { say, setLanguage, speak, spoken } from "./words.js";
import { WORDS } from "./words_studio.js";

const AHEAD = 3; // items prepared
const FETCHED = 24; // asked for at once
const number = (n) => n.toLocaleString(spoken());
const find = (id) => document.getElementById(id);
const open = (id) => find(id).open || find(id).showModal();

let state = null;
let painting = false; // masks
let queue = { name: "unlabelled", filter: "", like: null, order: "", total: 0 };
let items = new Map(); // place in the queue -> item
let at = 0;
let inGrid = false;
let since = performance.now();
let work = Promise.resolve();
let failures = 0;
let seen = ""; // the items that are painted, and their guesses
let stale = false; // a training ended since the queue was opened

speak(WORDS);

async function loadState() {
  state = await get("api/state");
  painting = state.kind === "masks";
  if (painting) useMasks();
  setKeys(state.keys, state.classes);
  showState();
}

async function openQueue(name, more = {}) {
  const before = queue;
  queue = { name, filter: queue.filter, like: null, ...more };
  const made = await order(queue.at).catch((error) => {
    queue = before; // what is shown goes on
    showQueues();
    throw error;
  });
  stale = false;
  await showAt(made.place ?? 0, true);
  showState();
}

function showAt(place, again) {
  if (again) items = new Map();
  at = inGrid ? place - (place % grid.PAGE) : place;
  return show();
}

const reopen = () => openQueue(queue.name, { at: items.get(at)?.i, like: queue.like });

async function order(at = "") {
  const made = await get("api/order", { queue: queue.name, filter: queue.filter, like: queue.like ?? "", at });
  Object.assign(queue, { order: made.order, total: made.total });
  return made;
}

async function fetchItems(from, n) {
  const end = Math.min(queue.total, from + n);
  let first = from;
  while (first < end && items.has(first)) first += 1;
  if (first >= end) return;
  const window = () => get("api/items", { order: queue.order, from: first, n: end - first });
  const found = await window().catch(async (error) => {
    if (error.status !== 410) throw error;
    await order();
    return window();
  });
  found.items.forEach((item, n) => items.set(found.from + n, item));
}

async function show() {
  await fetchItems(at, inGrid ? grid.PAGE : items.has(at) ? 1 : FETCHED);
  paint();
  since = performance.now();
  if (inGrid) return;
  prepare(ahead(), state.kind);
  if (!items.has(Math.min(at + 2 * AHEAD, queue.total - 1))) {
    fetchItems(at + 1, FETCHED).then(() => prepare(ahead(), state.kind)).catch(() => {});
  }
}

const some = (from, n) => Array.from({ length: n }, (_, k) => items.get(from + k)).filter(Boolean);
const ahead = () => some(at + 1, AHEAD);
const page = () => some(at, grid.PAGE);

function paint() {
  const over = at >= queue.total;
  seen = JSON.stringify((inGrid ? page() : [here()]).map((item) => [item?.i, item?.guess?.label]));
  find("one").hidden = over || inGrid;
  find("grid").hidden = over || !inGrid;
  find("done").hidden = !over;
  showView();
  find("place").textContent = over ? "" : say("at", { at: number(at + 1), total: number(queue.total) });
  if (over) showDone();
  else if (!inGrid) paintOne(here());
  else grid.showGrid(find("grid"), page(), state.kind, (item) => toOne(item));
  showLabels();
  showActions();
}

function put(id, text = "") {
  find(id).hidden = !text;
  find(id).textContent = text;
}

function showView() {
  find("view").firstChild.textContent = say(inGrid ? "one" : "grid");
}

function paintOne(item) {
  showOne(find("item"), item, state.kind, (points) => {
    const now = points.map((point) => [...point]); // they move on until it is their turn
    doing(() => keepPoints(item, now));
  }, DRAWING);
  paintFacts();
}

const DRAWING = {
  async keep(item, bytes, { base, drawing }) {
    const answer = await keep("mask", { i: item.i, bytes, base, drawing });
    since = performance.now(); // the next stroke counts from here
    return answer;
  },
  flush: () => doing(flushMask),
  tell,
};

async function flushMask() {
  await masks.flush();
  paintFacts();
}

function paintFacts() {
  const item = here();
  if (inGrid || !item) return;
  const is = item.mask?.drawn ? say("drawn") : item.mask?.mine ? say("right") : item.label;
  const more = [item.label && item.by && say("by", { by: item.by }), item.label && item.source && item.source !== "person" && item.source, item.flag && say("flagged_item"), item.note, item.why, item.name];
  find("facts").replaceChildren(element(is ? "span.is" : "span.soft", is || say("no_label")), element("span.soft", ["", ...more.filter(Boolean)].join(" · ")));
  put("guess", item.guess && say("guess_is", { label: item.guess.label, p: item.guess.p.toFixed(2) }));
  put("others", saidByOthers(item));
}

function showDone() {
  const needs = ["suspects", "uncertain"].includes(queue.name) && state.queues[queue.name] === null;
  const first = queue.total ? "all_seen" : needs ? "nothing_suspects" : "nothing";
  find("done").replaceChildren(element("p.is", say(first)), element("p", say("go_on")));
}

function showState() {
  document.title = `${state.title} · Gatera studio`;
  find("title").textContent = state.title;
  find("who").textContent = state.by;
  for (const action of ["grid", "filter", "train", "model", "help"]) {
    const button = document.querySelector(`[data-do=${action}]`);
    button.replaceChildren(...actionButton(action).childNodes);
    button.hidden = (action === "train" && !state.can_train) || (action === "model" && painting);
  }
  showView();
  find("filtered").hidden = !queue.filter;
  find("filter-words").textContent = `${say("filter")}: ${queue.filter}`;
  showCounts();
  showLast();
  showJob(state.job);
}

// the list may be open
function showQueues() {
  const select = find("queue");
  const names = Object.keys(state.queues);
  if (queue.like !== null) names.push("similar");
  select.length = names.length;
  names.forEach((value, n) => {
    const count = state.queues[value];
    const text = say(value) + (count == null ? "" : ` (${number(count)})`);
    if (select[n].text !== text || select[n].value !== value) Object.assign(select[n], { text, value });
  });
  select.value = queue.like === null ? queue.name : "similar";
}

function showCounts() {
  showQueues();
  const { labelled, items: all, waiting } = state.counts;
  find("progress").textContent = say("progress", { labelled: number(labelled), items: number(all) });
  find("bar").style.width = `${all ? (100 * labelled) / all : 0}%`;
  find("waiting").textContent = `(${number(waiting)})`;
}

function showLast() {
  find("last").replaceChildren(...state.last.map((each) => {
    const what = each.what === "label" ? each.value || say("remove") : each.what === "class" ? `${say("new_label")}: ${each.value}` : say(each.what);
    const inside = [element("span", each.name), element("b", each.many > 1 ? say("many", { what, n: each.many }) : what)];
    return element("li", [element("button", inside, { disabled: each.i == null, onclick: () => doing(() => toItem(each.i)) })]);
  }));
}

let made = { labels: "", actions: "" }; // what the buttons were made for

function again(part, ...facts) {
  const now = JSON.stringify([spoken(), ...facts]);
  const changed = made[part] !== now;
  made[part] = now;
  return changed;
}

function showLabels() {
  const box = find("labels");
  const item = inGrid ? null : here();
  if (again("labels", state.classes, state.classes.map((label) => keyOf(`label:${label}`)), keyOf("new_label"), inGrid)) {
    box.classList.toggle("many", state.classes.length > 12);
    box.replaceChildren(...state.classes.map((label, n) => {
      const button = actionButton(`label:${label}`);
      if (!state.colours[n]) return button;
      button.prepend(element("i.swatch"));
      button.firstChild.style.background = state.colours[n];
      return button;
    }));
    if (!painting) box.append(actionButton("new_label"));
    if (inGrid) {
      const confirm = actionButton(painting ? "one" : "confirm", "take");
      confirm.className = "main";
      box.append(confirm); // a phone shows it always
    }
  }
  state.classes.forEach((label, n) => {
    box.children[n].ariaPressed = painting ? masks.tool.place === n : item?.label === label;
    box.children[n].classList.toggle("guess", item?.guess?.label === label);
  });
}

function actionButton(action, key = action) {
  return element("button", [element("span", called(action)), " ", element("kbd", shown(keyOf(key)))], { onclick: () => press(key) });
}

function showActions() {
  const item = here();
  const one = ["skip", "prev", "next", "undo", "redo", "flag", ...(painting ? [] : ["similar"]), "note", "remove"];
  if (painting) one.unshift(...Object.keys(masks.MASK_KEYS), "take");
  if (item?.guess) one.unshift("take");
  if (state.kind === "recordings") one.push("play");
  if (item?.points) one.push("point");
  const names = inGrid ? ["undo", "redo", "prev", "next", ...(painting ? [] : ["mark"])] : one;
  const box = find("actions");
  if (again("actions", inGrid, names, state.keys)) box.replaceChildren(...names.map((action) => actionButton(action)));
  if (!painting || inGrid) return;
  ["brush", "erase", "fill", "like"].forEach((action, n) => box.children[n].ariaPressed = masks.tool.name === action);
}

function tell(text) {
  find("status").textContent = text;
}

function said(item, words) {
  tell(`${item.name}: ${words}`);
}

function problem(error) {
  if (!error) return put("problem");
  const why = error.status === 401 ? say("signed_out") : error.status ? error.message : say("offline");
  put("problem", error.decision && error.status !== 400 ? say(error.unsure ? "unsure" : "not_kept", { why }) : why); // 400: nothing to keep
}

function showJob(job) {
  const box = find("job");
  box.hidden = job.state === "idle" || !job.words;
  box.className = job.state === "failed" ? "bad" : "soft";
  box.textContent = `${job.words} ${job.total ? `${number(job.done)}/${number(job.total)}` : ""}`;
}

/** Do one thing after the other. What fails is shown, and keys pressed before that are dropped. */
function doing(task) {
  const before = failures;
  work = work.then(async () => {
    if (failures > before) return;
    const sign = setInterval(() => find("wait").hidden = !!document.querySelector("dialog[open]"), 300);
    try {
      await task();
    } catch (error) {
      failures += 1;
      problem(error);
    }
    clearInterval(sign);
    find("wait").hidden = true;
  });
  return work;
}

const SEEN = {
  label: ({ label, others = [] }) => [label, ...others.map((each) => each.label)],
  note: ({ note = "" }) => [note],
  points: ({ points = [] }) => [JSON.stringify(points)],
};

// `shown`: the items as they are painted; what is known may be newer
async function keep(what, more, shown) {
  const seconds = (performance.now() - since) / 1000;
  let answer;
  const of = (part) => Object.fromEntries(shown.map((item) => [item.i, part(item)]));
  if (what in SEEN) more.saw = of(SEEN[what]);
  if (more.guessed) more.guessed = of(({ guess }) => guess);
  try {
    answer = await decide(what, { seconds, ...more });
  } catch (error) {
    error.decision = true;
    if (error.status === 409 && !more.bytes) { // decided in another tab: that is shown
      items.clear();
      await show();
    }
    throw error;
  }
  problem(null);
  const byPosition = new Map(answer.items.map((item) => [item.i, item]));
  for (const [place, item] of items) if (byPosition.has(item.i)) items.set(place, { ...byPosition.get(item.i), why: item.why });
  Object.assign(state, { counts: answer.counts, last: answer.last });
  Object.assign(state.queues, answer.queues);
  if (answer.classes && answer.classes.join("\n") !== state.classes.join("\n")) {
    state.classes = answer.classes;
    setKeys(state.keys, state.classes);
  }
  showCounts();
  showLast();
  return answer;
}

const keepOf = (item, what, value) => keep(what, { items: { [item.i]: value } }, [item]);

async function keepPoints(item, points) {
  const answer = await keepOf(item, "points", points);
  if (answer.items[0]?.said !== item.said) paint();
  item.points = points;
  since = performance.now();
  tell(say("drawn"));
}

async function giveLabel(label, guessed = false) {
  const item = here();
  if (!item) return;
  await keep("label", { items: { [item.i]: label }, guessed }, [item]);
  said(item, label || say("no_label"));
  if (label) await go(1);
  else await show();
}

async function go(by) {
  const step = inGrid ? grid.PAGE : 1;
  at = Math.max(0, Math.min(queue.total, at + by * step));
  if (!stale) return show();
  await fetchItems(at, 1);
  await reopen();
}

async function step(by) {
  if (inGrid && document.activeElement?.role === "option" && grid.move(by)) return;
  await go(by);
}

async function toItem(position) {
  for (const [place, item] of items) if (item.i === position) return showAt(place);
  const { place } = await order(position);
  return place === null ? openQueue("all", { at: position, filter: "" }) : showAt(place, true);
}

function toOne(item) {
  return doing(async () => {
    inGrid = false;
    await toItem(item.i);
  });
}

async function confirmPage() {
  if (painting) return toOne(here());
  const labels = grid.confirmed();
  const n = Object.keys(labels).length;
  if (n) await keep("label", { items: labels, guessed: true }, page().filter(({ i }) => i in labels));
  tell(say("many", { what: say("confirm"), n }));
  await go(1);
  grid.toStart();
}

async function undo(what) {
  const answer = await keep(what, {});
  tell(`${say(what)}: ${answer.items[0]?.name || ""}`);
  if (answer.items.length) await toItem(answer.items[0].i);
  else await show();
}

const here = () => items.get(inGrid ? at + grid.inFocus() : at);
const OF_ITEM = ["take", "skip", "flag", "similar", "remove", "note", "point", "mark"]; // what needs one

const DO = {
  async take(item) {
    if (inGrid) return confirmPage();
    if (item.mask) {
      const seen = masks.seen(item);
      if (seen === null) return;
      await DRAWING.keep(item, new ArrayBuffer(0), seen);
      said(item, say("right"));
      return go(1);
    }
    if (item.guess) return giveLabel(item.guess.label, true);
    tell(say("no_guess"));
  },
  async skip(item) {
    if (inGrid) return grid.toggle();
    await keepOf(item, "skip", true);
    said(item, say("skip"));
    await go(1);
  },
  prev: () => step(-1),
  next: () => step(1),
  undo: () => undo("undo"),
  redo: () => undo("redo"),
  async flag(item) {
    await keepOf(item, "flag", !item.flag);
    said(item, say(item.flag ? "unflagged" : "flagged_item"));
    paintFacts();
  },
  similar: (item) => openQueue(queue.name, { like: item.i }),
  async filter() {
    const words = await ask("which_filter", queue.filter, "filter_hint");
    if (words !== null) await openQueue(queue.name, { filter: words });
  },
  async grid() {
    inGrid = !inGrid;
    await (stale ? reopen() : show());
    if (inGrid) grid.toStart();
    else find("work").focus();
  },
  mark: async () => inGrid && grid.toggle(),
  async new_label() {
    const label = await ask("which_label", "");
    if (!label) return;
    await keep("class", { label });
    if (inGrid) grid.give(label);
    else await giveLabel(label);
    showLabels();
  },
  async remove(item) {
    if (inGrid) return;
    if (!item.mask) return giveLabel("");
    masks.drop();
    await keepOf(item, "mask", "");
    await show();
  },
  async note(item) {
    const text = await ask("which_note", item.note || "");
    if (text === null) return;
    await keepOf(item, "note", text);
    paintFacts();
  },
  async play() {
    const sound = find("sound");
    if (sound) await (sound.paused ? sound.play() : sound.pause());
  },
  point: async (item) => !inGrid && item.points && addPoint(),
  async other_queue() {
    const names = Object.keys(state.queues);
    await openQueue(names[(names.indexOf(queue.name) + 1) % names.length]).then(loadState);
  },
  async train() {
    showJob(state.job = await post("api/train", {}));
    setTimeout(watchJob, 300);
  },
  async model() {
    await showPanel(find("panel-body"), here(), (filter) => {
      find("panel").close();
      doing(() => openQueue("all", { filter }));
    });
    open("panel");
  },
  async help() {
    listKeys(find("help-keys"), find("help-said"), newKeys);
    find("language").value = spoken();
    open("help");
  },
  async finish() {
    const message = await ask("which_message", "", "finish_hint", { n: state.counts.waiting });
    if (message === null) return;
    const done = await post("api/leave", { message });
    await loadState();
    await reopen();
    tell(done.sentence);
    showJob({ state: "done", words: done.sentence, total: 0 });
  },
};

async function watchJob() {
  const job = await get("api/job").catch(() => state.job);
  showJob(job);
  if (job.state === "running") setTimeout(watchJob, 400);
  if (job.state === "done") {
    doing(async () => {
      await loadState();
      if (inGrid && grid.proposes()) stale = true; // it stays until it is left
      else await reopen();
      if (find("panel").open) await DO.model();
    });
  }
}

function newKeys(keys) {
  state.keys = keys;
  DO.help();
  showState();
  paint();
}

/** Ask for a text; null where the person does not want to say one. */
function ask(title, value, hint = "", values = {}) {
  const [dialog, text] = [find("ask"), find("ask-text")];
  find("ask-title").textContent = say(title);
  find("ask-hint").textContent = hint ? say(hint, values) : "";
  text.value = value;
  dialog.returnValue = "";
  dialog.showModal();
  text.select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? text.value.trim() : null), { once: true });
  });
}

function press(action) {
  const then = seen; // what is pressed before the next item shows was not meant for that
  const label = labelOf(action);
  if (painting) {
    if (action !== "remove") doing(flushMask);
    if (label) masks.choose(state.classes.indexOf(label), label);
    else if (action in masks.MASK_KEYS) masks.use(action);
    if (label || action in masks.MASK_KEYS) {
      showLabels();
      return showActions();
    }
  }
  if (label) return doing(async () => then === seen && (inGrid ? grid.give(label) : giveLabel(label)));
  return doing(async () => (!OF_ITEM.includes(action) || (then === seen && here())) && DO[action](here()));
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select");
  if (typing || document.querySelector("dialog[open]") || !state) return;
  if (["Enter", " "].includes(event.key) && event.target.closest?.("button, a, audio")) return;
  if (inGrid && ["ArrowUp", "ArrowDown"].includes(event.key)) {
    event.preventDefault();
    grid.move(event.key === "ArrowUp" ? -grid.across() : grid.across());
    return;
  }
  const action = actionOf(event);
  if (!action || event.repeat) return;
  event.preventDefault();
  press(action);
});

// a button that was clicked takes no keys: Enter would press it again, on the next item; nor does what had them before
document.addEventListener("mousedown", (event) => {
  if (!event.target.closest?.("button") || event.target.closest("dialog")) return;
  event.preventDefault();
  if (document.activeElement !== find("work")) document.activeElement?.blur();
});
for (const button of document.querySelectorAll("[data-do]")) button.onclick = () => press(button.dataset.do);
for (const button of document.querySelectorAll("[data-close]")) button.onclick = () => button.closest("dialog").close();
find("queue").onchange = ({ target }) => {
  const name = target.value; // what is loaded meanwhile may set it back
  target.blur();
  if (name !== "similar") doing(() => openQueue(name).then(loadState));
};
find("unfilter").onclick = () => doing(() => openQueue(queue.name, { filter: "" }));
find("help-reset").onclick = async () => newKeys(await keepKeys({}));
find("language").onchange = (event) => {
  setLanguage(event.target.value);
  newKeys(state.keys);
};
find("who").onclick = () => doing(async () => {
  const name = await ask("which_name", state.by);
  if (!name || name === state.by) return;
  const before = setWho(name);
  await loadState().catch((error) => {
    setWho(before); // no name, or somebody who works in a studio of their own
    throw error;
  });
  await openQueue(queue.name);
});
setInterval(() => {
  if (state && !document.hidden && !document.querySelector("dialog[open]")) doing(() => loadState().catch(() => {}));
}, 10_000);

doing(async () => {
  await loadState();
  await openQueue(state.counts.labelled < state.counts.items ? "unlabelled" : "all");
  if (state.job.state === "running") watchJob();
  document.documentElement.dataset.ready = "yes";
  find("work").focus({ preventScroll: true }); // on a phone the head would be gone
});
