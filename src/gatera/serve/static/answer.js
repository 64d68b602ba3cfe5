// One answer: the label, the shares of all labels, what is unsure about it, and the photo with what was found on it.
import { element } from "./element.js";
import { fill, say } from "./words.js";

const MOST_SHOWN = 12;
const COLOURS = ["#e4572e", "#2e86ab", "#76b041", "#a23b72", "#f3a712", "#5d5fef", "#00a896", "#8d6a4f", "#d81159", "#6b7280"];

const colour = (place) => COLOURS[place % COLOURS.length];
const number = (value) => String(Number.isInteger(value) || Math.abs(value) >= 1e4 ? Math.round(value) : Number(value.toPrecision(4)));

function labelOf(program, answer) {
  if ("label" in answer) {
    if (answer.label === null) return say("dont_know");
    if (Array.isArray(answer.label)) return answer.label.join(", ") || say("none_apply");
    return String(answer.label);
  }
  if ("value" in answer) {
    if (answer.value === null) return say("dont_know");
    return [answer.value].flat().map(number).join(", ");
  }
  if ("points" in answer) return answer.points.map(([x, y]) => `${Math.round(x)}, ${Math.round(y)}`).join(" · ");
  const [most] = Object.entries(answer.shares || {}).sort((one, other) => other[1] - one[1]);
  return most ? `${most[0]}: ${(100 * most[1]).toFixed(0)} %` : "";
}

function shareRows(program, answer) {
  const shares = Object.entries(answer.probabilities || answer.shares || {}).sort((one, other) => other[1] - one[1]);
  return shares.slice(0, MOST_SHOWN).flatMap(([label, share]) => {
    const name = element("span");
    if (program.task === "segmentation") {
      const key = element("i.key");
      key.style.backgroundColor = colour(program.labels.map(String).indexOf(label));
      name.append(key);
    }
    name.append(label);
    const bar = element("progress", "", { max: 1, value: share, ariaLabel: label });
    return [name, bar, element("span.number", `${(100 * share).toFixed(1)} %`)];
  });
}

async function draw(canvas, photo, program, answer, mask) {
  const bitmap = await createImageBitmap(photo);
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  const pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0);
  if (answer.points) {
    const size = Math.max(3, bitmap.width / 80);
    answer.points.forEach(([x, y], place) => {
      pen.beginPath();
      pen.arc(x, y, size, 0, 7);
      pen.fillStyle = colour(place);
      pen.fill();
      pen.lineWidth = size / 3;
      pen.strokeStyle = "#fff";
      pen.stroke();
    });
  }
  if (mask) await drawMask(pen, canvas, mask);
}

async function drawMask(pen, canvas, mask) {
  const found = await createImageBitmap(mask);
  const layer = new OffscreenCanvas(found.width, found.height);
  const inside = layer.getContext("2d");
  inside.drawImage(found, 0, 0);
  const pixels = inside.getImageData(0, 0, found.width, found.height);
  for (let place = 0; place < pixels.data.length; place += 4) {
    const label = pixels.data[place];
    const [red, green, blue] = [1, 3, 5].map((start) => parseInt(colour(label).slice(start, start + 2), 16));
    pixels.data.set([red, green, blue, label === 255 ? 0 : 120], place);
  }
  inside.putImageData(pixels, 0, 0);
  pen.drawImage(layer, 0, 0, canvas.width, canvas.height);
}

function judging(article, program, answer, judge) {
  const box = article.querySelector(".judge");
  if (!answer.id || !("label" in answer || "value" in answer)) return;
  box.hidden = false;
  const select = article.querySelector(".other");
  const written = article.querySelector(".other-text");
  const several = program.task === "multilabel";
  const listed = several || program.task === "classification";
  select.hidden = !listed;
  select.multiple = several;
  written.hidden = listed;
  if (listed) {
    if (!several) select.append(new Option(say("other"), ""));
    program.labels.forEach((label) => select.append(new Option(String(label), String(label))));
  }
  const told = async (said, key) => {
    const found = await judge(answer.id, said);
    if (found) article.querySelector(".kept").textContent = say(key, { label: found.label });
  };
  const keep = article.querySelector(".keep");
  keep.hidden = answer.label === null || answer.value === null || answer.label?.length === 0;
  keep.addEventListener("click", () => told({ keep: true }, "kept"));
  article.querySelector(".correct").addEventListener("click", () => {
    // several labels as labels.csv has them
    const label = listed ? [...select.selectedOptions].map((each) => each.value).join(";") : written.value.trim();
    if (label) told({ label }, "corrected");
    else (listed ? select : written).focus();
  });
}

/** Draw where the answer comes from: the photo as the program sees it, redder where hiding it makes the label less probable. */
async function drawWhere(article, found) {
  const canvas = article.querySelector("canvas");
  const bitmap = new Image();
  bitmap.src = found.photo;
  await bitmap.decode();
  const scale = Math.max(1, Math.ceil(240 / bitmap.naturalWidth)); // what the program sees may be tiny
  canvas.width = scale * bitmap.naturalWidth;
  canvas.height = scale * bitmap.naturalHeight;
  const pen = canvas.getContext("2d");
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const most = Math.max(...found.falls.flat());
  const said = article.querySelector(".where-said");
  if (most < 0.005) {
    said.textContent = say("where_flat");
    return;
  }
  const across = found.falls.length;
  const heat = new OffscreenCanvas(across, across);
  const inside = heat.getContext("2d");
  found.falls.forEach((row, y) =>
    row.forEach((fall, x) => {
      inside.fillStyle = `rgb(220 20 20 / ${Math.max(0, fall / most) * 0.7})`;
      inside.fillRect(x, y, 1, 1);
    }),
  );
  const edge = found.square / 2 - (1 - found.square) / (across - 1) / 2;
  pen.drawImage(heat, edge * canvas.width, edge * canvas.height, (1 - 2 * edge) * canvas.width, (1 - 2 * edge) * canvas.height);
  said.textContent = say("where_alt", { label: found.label });
  canvas.setAttribute("aria-label", said.textContent);
}

/** Return the article that shows an answer. `shown` has the name, photo or text of the input. */
export async function showAnswer(program, answer, shown, judge, askForMask, askWhere) {
  const article = document.getElementById("answer").content.firstElementChild.cloneNode(true);
  const part = (name) => article.querySelector(`.${name}`);
  const name = shown.name || shown.text;
  part("file").hidden = !name;
  part("file").textContent = name && name.length > 120 ? `${name.slice(0, 119)}…` : name || "";
  part("label").textContent = labelOf(program, answer);
  if (answer.interval && "value" in answer && typeof answer.interval[0] === "number") {
    const [low, high] = answer.interval.map(number);
    part("file").hidden = false;
    part("file").textContent = [part("file").textContent, say("interval", { low, high })].filter(Boolean).join(" · ");
  }
  const said = [answer.reason, ...(answer.notes ?? [])].filter(Boolean).join(" ");
  part("reason").hidden = !said;
  part("reason").textContent = said;
  part("odd").hidden = !answer.novel;
  part("odd").textContent = say("odd");
  part("shares").append(...shareRows(program, answer));
  fill(article);
  judging(article, program, answer, judge);
  if (shown.photo) {
    const mask = program.task === "segmentation" ? await askForMask() : null;
    try {
      await draw(article.querySelector("canvas"), shown.photo, program, answer, mask);
      part("picture").hidden = false;
      article.querySelector("canvas").setAttribute("role", "img");
      article.querySelector("canvas").setAttribute("aria-label", name || "");
    } catch {
      // a format that the server reads and this browser does not: the answer is shown without its photo
    }
  }
  const where = part("where");
  where.hidden = !(shown.photo && program.shows_where);
  where.addEventListener("click", async () => {
    where.disabled = true;
    const found = await askWhere();
    if (found) await drawWhere(article, found);
    where.disabled = false;
  });
  return article;
}
