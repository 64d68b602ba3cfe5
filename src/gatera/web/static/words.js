// The words of a page in the languages that it has, from one table: {en: {key: "..."}, es: {key: "..."}}.
// In HTML, data-words="key" names the text of an element; data-words-title, -placeholder, -aria-label name an attribute.

const ATTRIBUTES = ["title", "placeholder", "aria-label", "alt"];
const KEPT = "gatera-language";

let table = { en: {} };
let language = "en";

function kept() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null; // storage may be switched off
  }
}

function wanted() {
  const asked = new URLSearchParams(location.search).get("lang");
  for (const each of [asked, kept(), ...navigator.languages]) {
    const short = (each || "").toLowerCase().split("-")[0];
    if (short in table) return short;
  }
  return "en";
}

/** Use a table of words, and fill the page with them. */
export function speak(words) {
  table = words;
  language = wanted();
  fill();
}

/** The language of the page: "en" or "es". */
export function spoken() {
  return language;
}

/** Change the language, and remember it. */
export function setLanguage(name) {
  language = name in table ? name : "en";
  try {
    localStorage.setItem(KEPT, language);
  } catch {
    // the choice lasts as long as the page
  }
  fill();
}

/** The words for a key; {name} in them is replaced by a value. */
export function say(key, values = {}) {
  const text = table[language][key] ?? table.en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Fill the elements below `root` with their words. */
export function fill(root = document) {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll("[data-words]")) element.textContent = say(element.dataset.words);
  for (const name of ATTRIBUTES) {
    for (const element of root.querySelectorAll(`[data-words-${name}]`)) {
      element.setAttribute(name, say(element.getAttribute(`data-words-${name}`)));
    }
  }
}
