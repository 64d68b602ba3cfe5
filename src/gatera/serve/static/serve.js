// The page that tries a program: what it takes goes to /predict, and the answer is shown.
import { fill, say, setLanguage, speak, spoken } from "./words.js";
import { showAnswer } from "./answer.js";
import { onDrop } from "./drop.js";
import { element } from "./element.js";
import { record } from "./recorder.js";
import { WORDS } from "./words_serve.js";

const SHOWN = 24; // each has its photo
const at = (id) => document.getElementById(id);

let programs = [];
let current = null;
let answering = ""; // the version that gave the last answer
let camera = null;
let recorder = null;

speak(WORDS);

/** Say what is wrong, below what was said before if `more`; "" for nothing. */
function problem(text, more = false) {
  at("problem").textContent = [more ? at("problem").textContent : "", text].filter((each) => each).join("\n");
  at("problem").hidden = !at("problem").textContent;
}

/** Ask the server; errors are shown, those of an input that has a name below the earlier ones. Returns the JSON value, or null. */
async function ask(path, options = {}, name = "") {
  if (!name) problem("");
  try {
    const answer = await fetch(path, options);
    answering = answer.headers.get("gatera-program");
    const value = await answer.json().catch((error) => {
      if (!(error instanceof SyntaxError)) throw error; // cut off
      return { error: { message: say("proxy", { status: answer.status === 413 ? say("too_large") : `${answer.status} ${answer.statusText}`.trim() }) } };
    });
    if (value.error) {
      problem(name ? `${name}: ${value.error.message}` : value.error.message, true);
      return null;
    }
    return value;
  } catch {
    problem(say("failed"));
    return null;
  }
}

function predictPath() {
  const sure = at("sure").value;
  const query = sure && !at("sure-box").hidden ? `?sure=${sure}` : "";
  return `programs/${current.name}/predict${query}`;
}

/** Send one input, and show its answer above the earlier ones. */
async function predict(body, headers, shown = {}) {
  const { name, version: asked } = current;
  document.body.setAttribute("aria-busy", "true");
  const answer = await ask(predictPath(), { method: "POST", body, headers }, shown.name);
  if (answering !== asked) await renew();
  document.body.removeAttribute("aria-busy");
  if (answer === null || name !== current.name) return; // another program was chosen meanwhile
  at("nothing").hidden = true;
  const article = await showAnswer(current, answer, shown, judge, () => maskOf(body), () => ask(`programs/${name}/where`, { method: "POST", body, headers }));
  at("answers").prepend(article);
  while (at("answers").children.length > SHOWN) {
    at("answers").lastElementChild.remove();
    at("older").hidden = false;
  }
}

/** Show what the programs are now, where the file of one was replaced since: its version, its labels, what it takes. */
async function renew() {
  const found = await fetch("programs").then((answer) => answer.json()).catch(() => null);
  const now = Array.isArray(found) && found.find((each) => each.name === current.name);
  if (!now || now.version === current.version) return;
  programs = found;
  showAgain(now);
}

async function maskOf(body) {
  const answer = await fetch(predictPath(), { method: "POST", body, headers: { Accept: "image/png" } });
  return answer.ok ? answer.blob() : null;
}

function judge(id, said) {
  return ask(`answers/${id}`, { method: "POST", body: JSON.stringify(said), headers: { "Content-Type": "application/json" } });
}

async function files(list) {
  problem("");
  const { name } = current;
  for (const file of list) {
    if (name !== current.name) return;
    const sound = current.takes === "recordings";
    if (sound) {
      at("sound").src = URL.createObjectURL(file);
      at("sound").hidden = false;
    }
    await predict(file, { "Content-Type": file.type || "application/octet-stream" }, { name: file.name, photo: sound ? null : file });
  }
}

// ---- photos and recordings

at("file").addEventListener("change", async (event) => {
  if (!current) return; // chosen before the programs were known: they wait
  const chosen = [...event.target.files];
  event.target.value = ""; // now: once these are answered, others may be chosen already
  await files(chosen);
});
onDrop(at("drop"), () => (current?.takes === "photos" ? "image/" : "audio/"), async (dropped, passedOver) => {
  if (!current || at("file-input").hidden || (!dropped.length && !passedOver)) return problem(say("no_files"));
  await files(dropped);
  if (passedOver) problem(say("passed_over", { count: passedOver }), true);
});
document.addEventListener("paste", (event) => {
  const pasted = [...(event.clipboardData?.files || [])];
  if (pasted.length && current && !at("file-input").hidden) {
    event.preventDefault();
    files(pasted);
  }
});

at("camera").addEventListener("click", async () => {
  try {
    camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  } catch (error) {
    problem(say("no_camera", { why: error.message || error.name }));
    return;
  }
  at("video").srcObject = camera;
  await at("video").play();
  at("camera-box").hidden = false;
  at("shoot").focus();
});
function cameraOff() {
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
  at("camera-box").hidden = true;
}
at("camera-off").addEventListener("click", cameraOff);
at("shoot").addEventListener("click", async () => {
  const video = at("video");
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
  canvas.getContext("2d").drawImage(video, 0, 0);
  await files([new File([await canvas.convertToBlob({ type: "image/jpeg", quality: 0.92 })], "camera.jpg", { type: "image/jpeg" })]);
});

/** End a recording; returns its file, or undefined where there is none. */
function recordingOff() {
  const running = recorder;
  recorder = null;
  at("record").textContent = say("record");
  at("recording").hidden = true;
  return running?.stop();
}
at("record").addEventListener("click", async () => {
  if (recorder) {
    await files([new File([await recordingOff()], "recording.wav", { type: "audio/wav" })]);
    return;
  }
  at("record").disabled = true; // a second click, while the browser asks, would begin a second recording
  try {
    recorder = await record((seconds) => {
      at("recording").textContent = say("recording", { seconds: seconds.toFixed(0) });
    });
  } catch (error) {
    problem(say("no_microphone", { why: error.message || error.name }));
    return;
  } finally {
    at("record").disabled = false;
  }
  at("recording").hidden = false;
  at("record").textContent = say("stop");
});

// ---- texts and rows

at("text-input").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value;
  predict(JSON.stringify(text), { "Content-Type": "application/json" }, { text });
});
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) at("text-input").requestSubmit();
});
at("row-input").addEventListener("submit", (event) => {
  event.preventDefault();
  const row = {};
  for (const field of current.fields) {
    const control = at("fields").querySelector(`[name="${CSS.escape(field.name)}"]`);
    const chosen = control.tagName === "SELECT" ? field.choices[control.selectedIndex - 1] : control.value;
    const number = field.type === "number" && !field.written && Number.isFinite(Number(chosen)); // "12,5" is read by the server
    row[field.name] = !String(chosen ?? "").trim() ? null : number ? Number(chosen) : chosen;
  }
  const text = Object.entries(row).map(([name, value]) => `${name}: ${value ?? "–"}`).join(", ");
  predict(JSON.stringify(row), { "Content-Type": "application/json" }, { text });
});

function fieldControl(field, place) {
  const box = element("div");
  let control;
  if (field.type === "choice" && field.choices.length <= 200) {
    control = element("select");
    control.append(new Option(say("empty"), ""));
    field.choices.forEach((choice) => control.append(new Option(String(choice), String(choice))));
    control.selectedIndex = 1;
  } else {
    // numbers are texts: a browser knows no "7:30", and drops the comma of "12,5" where it speaks another language than the person
    const zoned = String(field.example).endsWith("Z") && field.type === "datetime"; // browsers ask for no time zone
    control = element("input", "", { type: { date: "date", datetime: zoned ? "text" : "datetime-local" }[field.type] ?? "text" });
    control.value = field.written ?? field.example;
  }
  control.id = `field-${place}`;
  control.name = field.name;
  box.append(element("label", field.name, { htmlFor: control.id }), control);
  return box;
}

// ---- which program

function show(program) {
  current = program;
  const takesFiles = ["photos", "recordings"].includes(program.takes);
  at("name").textContent = program.name;
  document.title = say("page_of", { name: program.name });
  at("about").textContent = say("about", { version: program.version, task: say(program.task), takes: say(program.takes) });
  at("file-input").hidden = !takesFiles;
  at("text-input").hidden = program.takes !== "texts";
  at("row-input").hidden = program.fields.length === 0;
  at("sure-box").hidden = !program.can_be_unsure;
  if (takesFiles) {
    at("drop-words").textContent = say(`drop_${program.takes}`);
    at("choose").textContent = say(`choose_${program.takes}`);
    at("file").accept = program.takes === "photos" ? "image/*" : "audio/*";
    const devices = Boolean(navigator.mediaDevices?.getUserMedia);
    at("camera").hidden = program.takes !== "photos" || !devices;
    at("record").hidden = program.takes !== "recordings" || !devices;
    if (recorder) at("record").textContent = say("stop");
    at("no-devices").hidden = devices;
  }
  at("fields").replaceChildren(...program.fields.map(fieldControl));
  at("sound").hidden = true;
  fetch(`programs/${program.name}/card`).then((answer) => answer.text()).then((text) => {
    if (current === program) at("card").textContent = text;
  }).catch(() => {}); // the page is left, or the server is gone: the next question says so
}

/** Show a program, with what is typed in its form. */
function showAgain(program) {
  const controls = () => [...at("fields").querySelectorAll("input, select")];
  const typed = new Map(controls().map((each) => [each.name, each.value]));
  show(program);
  for (const each of controls()) {
    if (!typed.has(each.name)) continue;
    each.value = typed.get(each.name);
    if (each.selectedIndex === -1) each.selectedIndex = 1; // a choice that is none any more
  }
}

function chooseProgram(program) {
  cameraOff();
  recordingOff(); // nobody listens on where the button is gone
  at("answers").replaceChildren();
  at("nothing").hidden = false;
  at("older").hidden = true;
  problem("");
  show(program);
}

at("program").addEventListener("change", (event) => chooseProgram(programs[event.target.selectedIndex]));
function languageButton() {
  const other = spoken() === "en" ? "es" : "en";
  at("language").textContent = other === "es" ? "Español" : "English";
  at("language").lang = other;
}
at("language").addEventListener("click", () => {
  setLanguage(spoken() === "en" ? "es" : "en");
  languageButton();
  if (current) showAgain(current);
});

languageButton();
programs = (await ask("programs")) || [];
if (programs.length) {
  at("program").hidden = programs.length < 2;
  at("program").replaceChildren(...programs.map((each) => new Option(each.name)));
  const wanted = programs.findIndex((each) => each.name === new URLSearchParams(location.search).get("program"));
  at("program").selectedIndex = Math.max(0, wanted);
  show(programs[Math.max(0, wanted)]);
  if (at("file").files.length) at("file").dispatchEvent(new Event("change"));
}
fill();
