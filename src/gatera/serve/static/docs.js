// The server's addresses, from its own openapi.json.
import { say, setLanguage, speak, spoken } from "./words.js";

speak({
  en: {
    page: "Try it",
    token: "If the server needs a token, send it in the header Authorization: Bearer TOKEN.",
    body: "Body",
    answers: "Answers",
    parameters: "Parameters",
    example: "Example",
    failed: "The description cannot be read.",
  },
  es: {
    page: "Probarlo",
    token: "Si el servidor pide un token, envíalo en la cabecera Authorization: Bearer TOKEN.",
    body: "Cuerpo",
    answers: "Respuestas",
    parameters: "Parámetros",
    example: "Ejemplo",
    failed: "No se puede leer la descripción.",
  },
});

const at = (id) => document.getElementById(id);

function element(tag, text, ...children) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  made.append(...children);
  return made;
}

function table(rows) {
  return element("table", "", element("tbody", "", ...rows.map((cells) => element("tr", "", ...cells.map((cell) => element("td", cell))))));
}

function exampleOf(path, method, operation) {
  const needed = (operation.parameters || []).filter((each) => each.in === "query" && each.required);
  const query = new URLSearchParams(needed.map((each) => [each.name, each.example]));
  const base = decodeURI(new URL(path.slice(1), document.baseURI).href) + (needed.length ? `?${query}` : "");
  if (method === "get") return `curl '${base}'`;
  const content = operation.requestBody?.content || {};
  const kinds = Object.keys(content);
  if (kinds.includes("image/*") && kinds.length === 1) return `curl --data-binary @photo.jpg '${base}'`; // one at a time
  if (kinds.includes("image/*")) return `curl --data-binary @photo.jpg '${base}'\ncurl -F file=@one.jpg -F file=@two.jpg '${base}'`;
  if (kinds.includes("audio/*")) return `curl --data-binary @sound.wav '${base}'`;
  if (kinds.includes("text/plain")) return `curl --json '"A text."' '${base}'`;
  if (path.startsWith("/answers/")) return `curl --json '{"keep": true}' '${base}'`;
  if (path.startsWith("/v2/")) return `curl --json '{"inputs": [{"name": "input", "datatype": "BYTES", "shape": [1], "data": ["..."]}]}' '${base}'`;
  const row = content["application/json"]?.schema?.oneOf?.[0]?.example;
  return `curl --json '${JSON.stringify(row || {})}' '${base}'`;
}

function section(path, method, operation) {
  const title = element("h2", "", element("span", method.toUpperCase()), ` ${path}`);
  title.firstChild.className = "method";
  const box = element("section", "", title, element("p", operation.summary));
  box.className = "card path";
  if (operation.parameters?.length) {
    box.append(element("h3", say("parameters")), table(operation.parameters.map((each) => [each.name, each.description || ""])));
  }
  const kinds = Object.keys(operation.requestBody?.content || {});
  if (kinds.length) box.append(element("h3", say("body")), element("p", kinds.join(", ")));
  box.append(element("h3", say("answers")), table(Object.entries(operation.responses).map(([status, each]) => [status, each.description])));
  const example = element("pre", exampleOf(path, method, operation));
  example.tabIndex = 0;
  box.append(element("h3", say("example")), example);
  return box;
}

function show(description) {
  at("title").textContent = description.info.title;
  document.title = description.info.title;
  const all = Object.entries(description.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => section(path, method, operation)));
  at("paths").replaceChildren(...all);
  at("language").textContent = spoken() === "en" ? "Español" : "English";
  at("language").lang = spoken() === "en" ? "es" : "en";
}

try {
  const description = await (await fetch("openapi.json")).json();
  show(description);
  at("language").addEventListener("click", () => {
    setLanguage(spoken() === "en" ? "es" : "en");
    show(description);
  });
} catch {
  at("problem").textContent = say("failed");
  at("problem").hidden = false;
}
