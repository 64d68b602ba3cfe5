/** Make an element: element("th", "age", { scope: "row" }), element("p.soft", "of a class"). */
export function element(kind, text = "", more = {}) {
  const [tag, className = ""] = kind.split(".");
  const made = Object.assign(document.createElement(tag), { className }, more);
  if (text) made.textContent = text;
  return made;
}
