/** Make an element: element("th", "age", { scope: "row" }), element("p.soft", "of a class"), element("div.row", [one, other]). */
export function element(kind, inside = "", more = {}) {
  const [tag, className = ""] = kind.split(".");
  const made = Object.assign(document.createElement(tag), { className }, more);
  if (inside) made.append(...[inside].flat());
  return made;
}
