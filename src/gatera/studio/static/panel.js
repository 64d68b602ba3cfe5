// What the model gets wrong, and what it looks at.
import { get } from "./ask.js";
import { element } from "./element.js";
import { image } from "./one.js";
import { say } from "./words.js";

/** Fill the panel. `filter` is called with the words of a filter that shows the items of a cell. */
export async function showPanel(box, item, filter) {
  box.replaceChildren(element("p.soft", say("wait")));
  const found = await get("api/panel");
  box.replaceChildren();
  if (!found.by) return box.append(element("p", found.words || say("no_model")));
  box.append(element("p.soft", found.by));
  if (found.error !== null) {
    const percent = (x) => `${(100 * x).toFixed(1)} %`;
    box.append(element("p", say("measured", { wrong: found.wrong, n: found.n, error: percent(found.error), low: percent(found.low), high: percent(found.high) })));
    box.append(element("p.soft", say("confusion")), confusion(found, filter));
  }
  if (found.inside && item) {
    box.append(element("h3", say("where")), image(`panel/occlusion/${item.i}`, item.name));
    box.append(element("h3", say("units")));
    box.append(element("div.row", found.layers.map((layer) => element("figure", [image(`panel/units/${encodeURIComponent(layer)}`, layer), element("figcaption", layer)]))));
  }
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
      const [label, guess] = [found.classes[i], found.classes[j]];
      cell.append(element("button", String(count), {
        ariaLabel: `${label}, ${say("guess_word")} ${guess}: ${count}`,
        onclick: () => filter(`label:${JSON.stringify(label)} guess:${JSON.stringify(guess)}`),
      }));
    });
  });
  return table;
}
