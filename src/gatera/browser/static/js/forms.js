// How people give inputs: photos (files, dropping, pasting, the camera), texts, rows as a form, recordings.

import { onDrop } from "./drop.js";
import { say, fill } from "./words.js";
import { recorder } from "./sound/record.js";

const LEVELS = [0.5, 0.8, 0.9, 0.95, 0.99];

/** Return an element with attributes, words (by key) and children. */
export function made(tag, attributes = {}, words = null, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (words !== null) element.dataset.words = words;
  element.append(...children);
  return element;
}

/** Fill `section` with the form that fits the program; `page` has give(raw, shown, sure) and trouble(words). */
export function makeInput(section, program, page) {
  const first = program.preprocess.config[0].op;
  const level = sureChoice(program);
  const give = (raw, shown) => page.give(raw, shown, level.value());
  const form = { read_photo: photos, read_sound: sounds, read_text: texts, read_row: rows, read_pair: rows }[first];
  section.append(form(program, { ...page, give }), level.element);
  fill(section);
}

function sureChoice({ certainty }) {
  if (!certainty.known) return { element: "", value: () => null };
  const levels = LEVELS.filter((level) => Math.ceil(level / (1 - level) - 1e-9) <= certainty.heldOut);
  const select = made("select", { id: "sure" }, null, made("option", { value: "" }, "sure_always"), ...levels.map((level) => made("option", { value: level }, null, String(level))));
  return { element: made("div", { class: "sure" }, null, made("label", { for: "sure" }, "sure"), select), value: () => (select.value ? Number(select.value) : null) };
}

function fileDrop({ accept, words, choose, give, trouble }) {
  const input = made("input", { type: "file", accept, multiple: "", class: "only-read", tabindex: "-1", "aria-hidden": "true" });
  const button = made("button", { type: "button", class: "main" }, choose), buttons = made("div", { class: "row" }, null, button);
  const zone = made("div", { class: "drop" }, null, made("span", {}, words), input, buttons);
  const take = (files) => [...files].forEach((file) => give(file));
  button.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  onDrop(zone, () => accept.replace("*", ""), (files, passedOver) => {
    take(files);
    if (passedOver) trouble(() => say("passed_over", { count: passedOver }));
    else if (!files.length) trouble(() => say("no_files"));
  });
  return { zone, buttons, take };
}

function photos(_program, { give, trouble }) {
  let taken = 0;
  const one = (file) => give(file, { name: file.name || say("example_photo", { number: ++taken }), photo: file });
  const { zone, buttons, take } = fileDrop({ accept: "image/*", words: "photo_drop", choose: "choose_photos", give: one, trouble });
  document.addEventListener("paste", (event) => take(event.clipboardData?.files ?? []));
  if (navigator.mediaDevices?.getUserMedia) buttons.append(...camera(zone, one, trouble));
  else zone.append(made("p", { class: "soft" }, "camera_needs_https"));
  return zone;
}

function camera(zone, give, trouble) {
  const video = made("video", { playsinline: "", muted: "" }), open = made("button", { type: "button" }, "camera");
  const shoot = made("button", { type: "button", class: "main" }, "take"), stop = made("button", { type: "button" }, "stop_camera");
  let stream = null;
  const show = (on) => {
    open.hidden = on;
    video.hidden = shoot.hidden = stop.hidden = !on;
  };
  zone.prepend(video);
  show(false);
  open.addEventListener("click", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      video.srcObject = stream;
      await video.play();
      show(true);
      shoot.focus();
    } catch (err) {
      trouble(() => say("camera_refused", { why: err.message }));
    }
  });
  shoot.addEventListener("click", () => {
    const canvas = made("canvas");
    [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob(give, "image/png");
  });
  stop.addEventListener("click", () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    show(false);
    open.focus();
  });
  return [open, shoot, stop];
}

function texts(_program, { give, trouble }) {
  let given = 0;
  const area = made("textarea", { id: "text", rows: "5" }), button = made("button", { class: "main" }, "ask");
  const form = made("form", {}, null, made("label", { for: "text" }, "text_label"), area, button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    give(area.value, { name: say("example_text", { number: ++given }), text: area.value });
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  onDrop(form, () => "", () => trouble(() => say("typed")));
  return form;
}

function rows(program, { give, trouble }) {
  let given = 0;
  const fields = program.preprocess.reader.columns.map((column, i) => field(column, `field-${i}`));
  const form = made("form", { autocomplete: "off" }, null, made("div", { class: "fields" }, null, ...fields.map(({ element }) => element)), made("button", { class: "main" }, "ask"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const row = Object.fromEntries(fields.map(({ name, control }) => [name, control.value]));
    give(row, { name: say("example_row", { number: ++given }), text: Object.entries(row).map(([name, cell]) => `${name}: ${cell}`).join("\n") });
  });
  onDrop(form, () => "", () => trouble(() => say("typed")));
  return form;
}

/** The control for a column: a list of few categories, suggestions for many, else a line for a number or date. */
function field({ name, kind, labels }, id) {
  let control, list = "";
  if (kind === "category" && labels.length <= 100) {
    control = made("select", { id }, null, made("option", { value: "" }, "empty_option"), ...labels.map((label) => made("option", { value: label }, null, String(label))));
  } else if (kind === "category") {
    control = made("input", { id, list: `${id}-labels` });
    list = made("datalist", { id: `${id}-labels` }, null, ...labels.map((label) => made("option", { value: label })));
  } else {
    // a keypad of digits has no minus on an iPhone, and no colon anywhere
    control = made("input", ["date", "moment", "zoned"].includes(kind) ? { id, "data-words-placeholder": `${kind}_hint` } : { id });
  }
  return { name, control, element: made("div", {}, null, made("label", { for: id }, null, name), control, list) };
}

function sounds(program, { give, trouble }) {
  let taken = 0;
  const one = (file) => give(file, { name: file.name, sound: file });
  const { zone, buttons } = fileDrop({ accept: "audio/*", words: "sound_drop", choose: "choose_sounds", give: one, trouble });
  if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) {
    zone.append(made("p", { class: "soft" }, "microphone_needs_https"));
    return zone;
  }
  const button = made("button", { type: "button" }, "record"), state = made("p", { role: "status" });
  let running = null;
  button.addEventListener("click", async () => {
    try {
      if (running === null) {
        running = await recorder((seconds) => (state.textContent = say("recording", { seconds })));
        button.dataset.words = "stop_record";
      } else {
        const sound = await running.stop();
        running = null;
        button.dataset.words = "record";
        state.textContent = "";
        give(sound, { name: say("example_sound", { number: ++taken }) });
      }
      fill(zone);
    } catch (err) {
      running = null;
      trouble(() => say("microphone_refused", { why: err.message }));
    }
  });
  buttons.append(button);
  zone.append(state);
  return zone;
}
