// What the model gets wrong, and what it looks at.
import { get } from "./ask.js";
import { element, failed } from "./one.js";
import { say } from "./words.js";

/** Fill the panel. `filter` is called with the words of a filter that shows the items of a cell. */
export async function showPanel(box, item, filter) {
  box.replaceChildren(element("p", say("wait"), { className: "soft" }));
  const found = await get("api/panel");
  box.replaceChildren();
  if (!found.by) {
    box.append(element("p", found.words || say("no_model")));
    return;
  }
  box.append(element("p", found.by, { className: "soft" }));
  if (found.error !== null) {
    const percent = (x) => `${(100 * x).toFixed(1)} %`;
    box.append(element("p", say("measured", { wrong: found.wrong, n: found.n, error: percent(found.error), low: percent(found.low), high: percent(found.high) })));
    box.append(element("p", say("confusion"), { className: "soft" }), confusion(found, filter));
  }
  if (found.inside && item) {
    box.append(element("h3", say("where")), picture(`panel/occlusion/${item.i}`, item.name));
    box.append(element("h3", say("units")));
    const row = element("div", "", { className: "row" });
    for (const layer of found.layers) {
      const figure = element("figure");
      figure.append(picture(`panel/units/${encodeURIComponent(layer)}`, layer), element("figcaption", layer));
      row.append(figure);
    }
    box.append(row);
  }
}

function picture(src, alt) {
  const image = element("img", "", { src, alt, loading: "lazy" });
  image.onerror = () => failed(image);
  return image;
}

function confusion(found, filter) {
  const table = element("table");
  const head = table.createTHead().insertRow();
  head.append(element("th"), ...found.classes.map((label) => element("th", label, { scope: "col" })));
  found.confusion.forEach((row, i) => {
    const line = table.insertRow();
    line.append(element("th", found.classes[i], { scope: "row" }));
    row.forEach((count, j) => {
      const cell = line.insertCell();
      if (i === j || !count) return cell.append(count);
      cell.className = "off";
      const button = element("button", String(count));
      button.ariaLabel = `${found.classes[i]}, ${say("guess_word")} ${found.classes[j]}: ${count}`;
      button.onclick = () => filter(`label:${JSON.stringify(found.classes[i])} guess:${JSON.stringify(found.classes[j])}`);
      cell.append(button);
    });
  });
  return table;
}
