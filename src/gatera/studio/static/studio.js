// The studio's page: what is shown, and what each key does. A decision is on the disk before the next item comes.
import { decide, Failed, get, post, setWho } from "./ask.js";
import * as grid from "./grid.js";
import { actionOf, called, keepKeys, keyOf, listKeys, setKeys, shown } from "./keys.js";
import { element, prepare, showOne } from "./one.js";
import { showPanel } from "./panel.js";
import { say, setLanguage, speak, spoken } from "./words.js";
import { WORDS } from "./words_studio.js";

const AHEAD = 3; // so many items are prepared
const FETCHED = 24; // so many are asked for at once
const find = (id) => document.getElementById(id);
const plain = (text) => String(text).replace(/\.$/, "");

let state = null;
let queue = { name: "unlabelled", filter: "", like: null, order: "", total: 0 };
let items = new Map(); // place in the queue -> item
let at = 0;
let view = "one";
let since = performance.now();
let work = Promise.resolve();
let failures = 0;

speak(WORDS);

// ---- what is asked of the server

async function loadState() {
  state = await get("api/state");
  setKeys(state.keys, state.classes);
  showState();
}

async function openQueue(name, more = {}) {
  queue = { name, filter: queue.filter, like: null, ...more };
  const asked = { queue: name, filter: queue.filter };
  if (queue.like !== null) asked.like = queue.like;
  if (queue.at !== undefined) asked.at = queue.at;
  const made = await get("api/order", asked);
  Object.assign(queue, { order: made.order, total: made.total });
  items = new Map();
  at = made.place ?? 0;
  await show();
}

async function fetchItems(from, n) {
  const end = Math.min(queue.total, from + n);
  let first = from;
  while (first < end && items.has(first)) first += 1;
  if (first >= end) return;
  const found = await get("api/items", { order: queue.order, from: first, n: end - first }).catch(async (error) => {
    if (error.status !== 410) throw error;
    const made = await get("api/order", { queue: queue.name, filter: queue.filter });
    Object.assign(queue, { order: made.order, total: made.total });
    return get("api/items", { order: queue.order, from: first, n: end - first });
  });
  found.items.forEach((item, n) => items.set(found.from + n, item));
}

// ---- what is shown

async function show() {
  await fetchItems(at, view === "grid" ? grid.PAGE : items.has(at) ? 1 : FETCHED);
  paint();
  since = performance.now();
  if (view !== "one") return;
  prepare(ahead(), state.kind);
  if (!items.has(Math.min(at + 2 * AHEAD, queue.total - 1))) {
    fetchItems(at + 1, FETCHED).then(() => prepare(ahead(), state.kind)).catch(() => {});
  }
}

function ahead() {
  return Array.from({ length: AHEAD }, (_, n) => items.get(at + 1 + n)).filter(Boolean);
}

function paint() {
  const over = at >= queue.total;
  find("one").hidden = over || view !== "one";
  find("grid").hidden = over || view !== "grid";
  find("done").hidden = !over;
  find("view-name").textContent = say(view === "one" ? "grid" : "one");
  find("place").textContent = over ? "" : say("at", { at: at + 1, total: queue.total });
  if (over) showDone();
  else if (view === "one") paintOne(items.get(at));
  else grid.showGrid(find("grid"), page(), state.kind, (item) => toOne(item));
  showLabels();
  showActions();
}

function page() {
  return Array.from({ length: grid.PAGE }, (_, n) => items.get(at + n)).filter(Boolean);
}

function paintOne(item) {
  showOne(find("item"), item, state.kind, (points) => doing(() => keepPoints(item, points)));
  const facts = find("facts");
  facts.replaceChildren(element("span", item.label || say("no_label"), { className: item.label ? "is" : "soft" }));
  const more = [item.label && item.by && say("by", { by: item.by }), item.label && item.source && item.source !== "person" && item.source, item.flag && say("flagged_item"), item.note, item.why, item.name];
  facts.append(element("span", ` ${more.filter(Boolean).map((each) => `· ${each}`).join(" ")}`, { className: "soft" }));
  find("guess").hidden = !item.guess;
  if (item.guess) find("guess").textContent = say("guess_is", { label: item.guess.label, p: item.guess.p.toFixed(2) });
  find("others").hidden = !item.others;
  if (item.others) find("others").textContent = say("others_say", { list: item.others.map((each) => `${each.by}: ${each.label || "–"}`).join(", ") });
}

function showDone() {
  const needs = ["suspects", "uncertain"].includes(queue.name) && state.queues[queue.name] === null;
  const first = queue.total ? "all_seen" : needs ? "nothing_suspects" : "nothing";
  find("done").replaceChildren(element("p", say(first), { className: "is" }), element("p", say("go_on")));
}

function showState() {
  document.title = `${state.title} · Gatera studio`;
  find("title").textContent = state.title;
  find("who").textContent = state.by;
  const select = find("queue");
  select.replaceChildren();
  for (const [name, count] of Object.entries(state.queues)) {
    if (name === "served" && count === null) continue;
    select.append(element("option", `${say(name)}${count === null ? "" : ` (${count.toLocaleString(spoken())})`}`, { value: name }));
  }
  if (queue.like !== null) select.append(element("option", say("similar_queue"), { value: "similar" }));
  select.value = queue.like === null ? queue.name : "similar";
  find("train").hidden = !state.can_train;
  for (const key of document.querySelectorAll("[data-key]")) key.textContent = shown(keyOf(key.dataset.key));
  find("filtered").hidden = !queue.filter;
  find("filter-words").textContent = say("showing", { words: queue.filter });
  showCounts();
  showLast();
  showJob(state.job);
}

function showCounts() {
  const { labelled, items: all, waiting } = state.counts;
  const number = (n) => n.toLocaleString(spoken());
  find("progress").textContent = say("progress", { labelled: number(labelled), items: number(all) });
  find("bar").style.width = `${all ? (100 * labelled) / all : 0}%`;
  find("waiting").textContent = say("waiting", { n: number(waiting) });
}

function showLast() {
  find("last").replaceChildren(...state.last.map((each) => {
    const line = element("li");
    const what = each.what === "label" ? each.value || say("remove") : each.what === "class" ? say("class_named", { label: each.value }) : say(each.what);
    const button = element("button");
    button.append(element("span", each.name || ""), element("b", each.many > 1 ? say("many", { what, n: each.many }) : what));
    button.disabled = each.i === undefined || each.i === null;
    button.addEventListener("click", () => doing(() => toItem(each.i)));
    line.append(button);
    return line;
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
  const item = view === "one" ? items.get(at) : null;
  if (again("labels", state.classes, state.classes.map((label) => keyOf(`label:${label}`)), keyOf("new_label"), view)) {
    box.classList.toggle("many", state.classes.length > 12);
    box.replaceChildren(...state.classes.map((label) => {
      const button = element("button");
      button.append(element("span", label), " ", element("kbd", shown(keyOf(`label:${label}`))));
      button.addEventListener("click", () => press(`label:${label}`));
      return button;
    }), actionButton("new_label"));
    if (view === "grid") {
      const confirm = actionButton("confirm", "take");
      confirm.className = "main";
      box.append(confirm); // here, where a phone shows it always
    }
  }
  state.classes.forEach((label, n) => {
    box.children[n].setAttribute("aria-pressed", String(item?.label === label));
    box.children[n].classList.toggle("guess", item?.guess?.label === label);
  });
}

function actionButton(action, key = action) {
  const button = element("button");
  button.append(element("span", say(action)), " ", element("kbd", shown(keyOf(key))));
  button.addEventListener("click", () => press(key));
  return button;
}

function showActions() {
  const item = items.get(at);
  const one = ["skip", "prev", "next", "undo", "redo", "flag", "similar", "note", "remove"];
  if (item?.guess) one.unshift("take");
  if (state.kind === "recordings") one.push("play");
  const names = view === "one" ? one : ["undo", "redo", "prev", "next", "mark"];
  if (!again("actions", view, names, state.keys)) return;
  const buttons = names.map((action) => actionButton(action));
  find("actions").replaceChildren(...buttons);
}

function tell(text) {
  find("status").textContent = text;
}

function problem(error) {
  const box = find("problem");
  box.hidden = !error;
  if (!error) return;
  const why = error.status === 401 ? say("signed_out") : error instanceof Failed ? error.message : say("offline");
  box.textContent = error.decision ? say("not_kept", { why }) : why;
}

function showJob(job) {
  const box = find("job");
  box.hidden = job.state === "idle" || !job.words;
  box.className = job.state === "failed" ? "bad" : "soft";
  box.textContent = say("training", { words: job.words, part: job.total ? `${job.done.toLocaleString(spoken())}/${job.total.toLocaleString(spoken())}` : "" });
}

// ---- what is done

/** Do one thing after the other, in the order of the keys. What fails is shown, and keys that were pressed before that are dropped. */
function doing(task) {
  const before = failures;
  work = work.then(async () => {
    if (failures > before) return;
    try {
      await task();
    } catch (error) {
      failures += 1;
      problem(error);
    }
  });
  return work;
}

async function keep(what, more) {
  const seconds = Math.min(600, (performance.now() - since) / 1000);
  let answer;
  try {
    answer = await decide(what, { seconds, ...more });
  } catch (error) {
    error.decision = true;
    throw error;
  }
  problem(null);
  const byPosition = new Map(answer.items.map((item) => [item.i, item]));
  for (const [place, item] of items) if (byPosition.has(item.i)) items.set(place, { ...byPosition.get(item.i), why: item.why });
  Object.assign(state, { counts: answer.counts, last: answer.last });
  if (answer.classes && answer.classes.join("\n") !== state.classes.join("\n")) {
    state.classes = answer.classes;
    setKeys(state.keys, state.classes);
  }
  showCounts();
  showLast();
  return answer;
}

async function keepPoints(item, points) {
  await keep("points", { items: { [item.i]: points } });
  tell(say("drawn"));
}

async function giveLabel(label, guessed = false) {
  const item = items.get(at);
  if (!item) return;
  await keep("label", { items: { [item.i]: label }, guessed });
  tell(say("said", { name: item.name, label: label || say("no_label") }));
  if (label) await go(1);
  else await show();
}

async function go(by) {
  const step = view === "grid" ? grid.PAGE : 1;
  at = Math.max(0, Math.min(queue.total, at + by * step));
  await show();
}

async function toItem(position) {
  for (const [place, item] of items) {
    if (item.i === position) {
      at = view === "grid" ? place - (place % grid.PAGE) : place;
      return show();
    }
  }
  const made = await get("api/order", { queue: queue.name, filter: queue.filter, at: position });
  if (made.place !== null && queue.like === null) {
    Object.assign(queue, { order: made.order, total: made.total });
    items = new Map();
    at = made.place;
    return show();
  }
  return openQueue("all", { at: position, filter: "" }).then(showState);
}

function toOne(item) {
  return doing(async () => {
    view = "one";
    await toItem(item.i);
  });
}

async function confirmPage() {
  const labels = grid.confirmed();
  const n = Object.keys(labels).length;
  if (n) await keep("label", { items: labels, guessed: true });
  tell(say("confirmed", { n }));
  await go(1);
  grid.toStart();
}

async function undo(what, words) {
  const answer = await keep(what, {});
  tell(say(words, { name: answer.items[0]?.name || "" }));
  if (answer.items.length) await toItem(answer.items[0].i);
  else await show();
}

const DO = {
  async take() {
    if (view === "grid") return confirmPage();
    const guess = items.get(at)?.guess;
    if (guess) return giveLabel(guess.label, true);
    tell(say("no_guess"));
  },
  async skip() {
    if (view === "grid") return grid.toggle();
    const item = items.get(at);
    if (!item) return;
    await keep("skip", { items: { [item.i]: true } });
    tell(say("skipped", { name: item.name }));
    await go(1);
  },
  async prev() {
    if (view === "grid" && document.activeElement?.getAttribute("role") === "option" && grid.move(-1)) return;
    await go(-1);
  },
  async next() {
    if (view === "grid" && document.activeElement?.getAttribute("role") === "option" && grid.move(1)) return;
    await go(1);
  },
  undo: () => undo("undo", "undone"),
  redo: () => undo("redo", "redone"),
  async flag() {
    const item = view === "grid" ? grid.inFocus() : items.get(at);
    if (!item) return;
    await keep("flag", { items: { [item.i]: !item.flag } });
    tell(say(item.flag ? "unflagged" : "flagged_now", { name: item.name }));
    if (view === "one") paintOne(items.get(at));
  },
  async similar() {
    const item = view === "grid" ? grid.inFocus() : items.get(at);
    if (item) await openQueue(queue.name, { like: item.i });
    showState();
  },
  async filter() {
    const words = await ask("which_filter", queue.filter, "filter_hint");
    if (words === null) return;
    await openQueue(queue.name, { filter: words, like: null });
    showState();
  },
  async grid() {
    view = view === "one" ? "grid" : "one";
    await show();
    if (view === "grid") grid.toStart();
    else find("work").focus();
  },
  mark: async () => view === "grid" && grid.toggle(),
  async new_label() {
    const label = await ask("which_label", "");
    if (!label) return;
    await keep("class", { label });
    if (view === "grid") grid.give(label);
    else await giveLabel(label);
    showLabels();
  },
  remove: async () => view === "one" && giveLabel(""),
  async note() {
    const item = items.get(at);
    const text = item && (await ask("which_note", item.note || ""));
    if (text === null || !item) return;
    await keep("note", { items: { [item.i]: text } });
    paintOne(items.get(at));
  },
  async play() {
    const sound = find("sound");
    if (sound) await (sound.paused ? sound.play() : sound.pause());
  },
  async other_queue() {
    const names = [...find("queue").options].map((option) => option.value).filter((name) => name !== "similar");
    await openQueue(names[(names.indexOf(queue.name) + 1) % names.length]);
    await loadState();
  },
  async train() {
    showJob(await post("api/train", {}));
    setTimeout(watchJob, 300);
  },
  async model() {
    await showPanel(find("panel-body"), items.get(at), (words) => {
      find("panel").close();
      doing(async () => {
        await openQueue("all", { filter: words });
        showState();
      });
    });
    if (!find("panel").open) find("panel").showModal();
  },
  async help() {
    listKeys(find("help-keys"), find("help-said"), state.classes, (keys) => {
      state.keys = keys;
      DO.help();
      showState();
      paint();
    });
    find("language").value = spoken();
    if (!find("help").open) find("help").showModal();
  },
  async finish() {
    const message = await ask("which_message", "", "finish_hint", { n: state.counts.waiting });
    if (message === null) return;
    const done = await post("api/leave", { message });
    await loadState();
    await openQueue(queue.name, { at: items.get(at)?.i });
    tell(done.sentence);
    showJob({ state: "done", words: done.sentence, total: 0 });
  },
};

async function watchJob() {
  const job = await get("api/job").catch(() => null);
  if (!job) return;
  showJob(job);
  if (job.state === "running") setTimeout(watchJob, 400);
  if (job.state === "done") {
    doing(async () => {
      const item = items.get(at);
      await loadState();
      await openQueue(queue.name, { at: view === "one" ? item?.i : undefined });
      if (find("panel").open) await DO.model();
    });
  }
}

/** Ask for a text; null where the person does not want to say one. */
function ask(title, value, hint = "", values = {}) {
  const dialog = find("ask");
  find("ask-title").textContent = say(title);
  find("ask-hint").textContent = hint ? say(hint, values) : "";
  find("ask-text").value = value;
  dialog.returnValue = "";
  dialog.showModal();
  find("ask-text").select();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "ok" ? find("ask-text").value.trim() : null), { once: true });
  });
}

function press(action) {
  if (action.startsWith("label:")) {
    const label = action.slice(6);
    return doing(async () => (view === "grid" ? grid.give(label) : giveLabel(label)));
  }
  return doing(DO[action]);
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select");
  if (typing || document.querySelector("dialog[open]") || !state) return;
  const onButton = event.target.closest?.("button, a, audio");
  if (onButton && (event.key === "Enter" || event.key === " ")) return;
  if (view === "grid" && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    grid.move(event.key === "ArrowUp" ? -grid.across() : grid.across());
    return;
  }
  const action = actionOf(event);
  if (!action || event.repeat) return;
  event.preventDefault();
  press(action);
});

for (const button of document.querySelectorAll("[data-do]")) button.addEventListener("click", () => press(button.dataset.do));
for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => button.closest("dialog").close());
find("queue").addEventListener("change", (event) => {
  const name = event.target.value;
  event.target.blur();
  if (name !== "similar") doing(() => openQueue(name).then(loadState));
});
find("unfilter").addEventListener("click", () => doing(() => openQueue(queue.name, { filter: "" }).then(showState)));
find("help-reset").addEventListener("click", async () => {
  state.keys = await keepKeys({}, state.classes);
  DO.help();
  showState();
  paint();
});
find("language").addEventListener("change", (event) => {
  setLanguage(event.target.value);
  showState();
  paint();
  DO.help();
});
find("who").addEventListener("click", () => doing(async () => {
  const name = await ask("which_name", state.by);
  if (!name || name === state.by) return;
  setWho(name);
  await loadState();
  await openQueue(queue.name);
}));
setInterval(() => {
  if (state && !document.hidden && !document.querySelector("dialog[open]")) doing(async () => loadState().catch(() => {}));
}, 10_000);

doing(async () => {
  await loadState();
  await openQueue(state.counts.labelled < state.counts.items ? "unlabelled" : "all");
  showState();
  document.documentElement.dataset.ready = "yes";
  find("work").focus();
});
