// Show one answer: what was given, the label or number, probabilities, how sure it is.

import { made } from "./forms.js";
import { listed, sentence } from "./phrases.js";
import { say, spoken } from "./words.js";

const MOST_ROWS = 8;
const COLOURS = [[66, 133, 244], [234, 67, 53], [52, 168, 83], [251, 188, 5], [171, 71, 188], [0, 172, 193], [255, 112, 67], [158, 157, 36]];

/** Return {element, write(), remove()}: the card of an answer, which can be written again in another language. */
export function answerCard(program, answer, shown, milliseconds) {
  const given = picture(program, answer, shown), said = made("div");
  const element = made("article", { class: "card answer" }, null, given.element, said);
  const write = () => {
    said.replaceChildren(...words(program, answer), made("p", { class: "soft" }, null, say("took", { ms: Math.round(milliseconds) })));
  };
  write();
  return { element, write, remove: () => (given.free(), element.remove()) };
}

function picture(program, answer, { name, photo, text, sound }) {
  const caption = made("figcaption", {}, null, name);
  if (text !== undefined) return { element: made("figure", {}, null, made("blockquote", {}, null, text), caption), free() {} };
  const file = photo ?? sound;
  if (!file) return { element: made("figure", {}, null, caption), free() {} };
  const address = URL.createObjectURL(file), free = () => URL.revokeObjectURL(address);
  if (sound) return { element: made("figure", {}, null, made("audio", { controls: "", src: address, "aria-label": name }), caption), free };
  const image = made("img", { src: address, alt: name });
  if (!answer.mask && !answer.points) return { element: made("figure", {}, null, image, caption), free };
  const canvas = made("canvas", { role: "img", "aria-label": name });
  image.addEventListener("load", () => draw(canvas, image, answer));
  return { element: made("figure", {}, null, canvas, caption), free };
}

function draw(canvas, image, { mask, points }) {
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  if (mask && mask.width === canvas.width) {
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < mask.mask.length; i++) {
      const colour = mask.mask[i] === 255 ? [128, 128, 128] : COLOURS[mask.mask[i] % COLOURS.length];
      for (let c = 0; c < 3; c++) pixels.data[4 * i + c] = 0.5 * pixels.data[4 * i + c] + 0.5 * colour[c];
    }
    context.putImageData(pixels, 0, 0);
  }
  const radius = Math.max(3, canvas.width / 100);
  for (const [x, y] of points ?? []) {
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = "#e8372c";
    context.strokeStyle = "white";
    context.lineWidth = radius / 2;
    context.fill();
    context.stroke();
  }
}

function* words(program, answer) {
  const { task } = program;
  const unsure = answer.why !== null;
  yield made("h3", unsure ? { class: "unsure" } : {}, null, unsure ? say("unsure") : headline(task, answer));
  if (unsure) yield made("p", {}, null, reason(answer.why));
  const rows = tableRows(program, answer);
  if (rows.length) yield table(task, rows);
  const level = answer.sure ?? program.certainty.level(null);
  if (answer.set) yield paragraph("set", { level, labels: answer.set.length ? listed(answer.set, spoken()) : say("none") });
  for (const [low, high] of pairs(answer.interval)) yield paragraph("interval", { level, low: number(low), high: number(high) });
  if (answer.novelty !== undefined) yield paragraph("novelty", { share: `${(100 * answer.novelty).toFixed(0)} %` });
  if (answer.novel && !unsure) yield made("p", { class: "warn" }, null, say("novel_warning"));
  for (const note of answer.notes) yield made("p", { class: "warn" }, null, sentence(note, spoken()));
}

function headline(task, { label, probability, value, points, shares }) {
  if (task === "classification") return `${label} · ${percent(probability)}`;
  if (task === "multilabel") return label.length ? label.join(", ") : say("none");
  if (task === "regression") return [value].flat().map(number).join(", ");
  return task === "points" ? say("points_heading") : Object.entries(shares).sort((a, b) => b[1] - a[1])[0][0];
}

function tableRows({ task, vocab }, { probabilities, points, shares, not_seen: notSeen }) {
  if (task === "regression") return [];
  if (task === "points") return points.map(([x, y], i) => ({ name: String(i + 1), text: `${x.toFixed(1)}, ${y.toFixed(1)}` }));
  const numbers = task === "segmentation" ? shares : probabilities;
  const rows = vocab.map((label, i) => ({ name: String(label), share: numbers[String(label)], colour: task === "segmentation" ? COLOURS[i % COLOURS.length] : null }));
  if (notSeen) rows.push({ name: say("not_seen_share"), share: notSeen, colour: [128, 128, 128] });
  return rows.sort((a, b) => b.share - a.share).filter(({ share }, i) => i < MOST_ROWS && (share > 0 || task !== "segmentation"));
}

function table(task, rows) {
  const heads = task === "points" ? [] : [say("label"), "", say(task === "segmentation" ? "share" : "probability")];
  const head = made("thead", {}, null, made("tr", {}, null, ...heads.map((text) => (text ? made("th", { scope: "col" }, null, text) : made("td")))));
  const body = made("tbody", {}, null, ...rows.map(tableRow));
  return made("table", {}, null, ...(heads.length ? [head] : []), body);
}

function tableRow({ name, share, colour, text }) {
  const cell = made("th", { scope: "row" }, null, ...(colour ? [swatch(colour)] : []), name);
  if (text !== undefined) return made("tr", {}, null, cell, made("td", {}, null, text));
  const meter = made("meter", { min: 0, max: 1, value: share, "aria-hidden": "true" });
  return made("tr", {}, null, cell, made("td", { class: "meter" }, null, meter), made("td", {}, null, percent(share)));
}

function swatch(colour) {
  const element = made("i", { class: "swatch" });
  element.style.background = `rgb(${colour.join(" ")})`; // set by a script, which the page's policy allows
  return element;
}

function paragraph(key, values) {
  return made("p", {}, null, say(key, values));
}

function pairs(interval) {
  if (interval === undefined) return [];
  return Array.isArray(interval[0]) ? interval : [interval];
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}

function number(value) {
  return String(Number(value.toPrecision(6)));
}

/** A reason as a sentence; one that begins with a label leaves it as it is written. */
function reason(why) {
  const text = sentence(why, spoken());
  return "label" in why.details ? `${text}.` : `${text[0].toUpperCase()}${text.slice(1)}.`;
}
