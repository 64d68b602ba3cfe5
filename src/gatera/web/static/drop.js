// Files that are dropped on a page, anywhere on it: beside its zone the browser would open them in the place of the page.

/**
 * Give the files of every drop to `take(files, passedOver)`; `kind`() is the beginning of the types that a page takes, such as "image/".
 * Of a folder its files of that kind are taken, and `passedOver` counts the others. A drop without files gives an empty list.
 */
export function onDrop(zone, kind, take) {
  const withFiles = (event) => event.dataTransfer.types.includes("Files");
  const ours = (event) => withFiles(event) || (zone.contains(event.target) && !event.target.matches("input, textarea"));
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (!ours(event)) return; // a text may be dragged into a field
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) zone.classList.remove("over");
  });
  document.addEventListener("drop", async (event) => {
    zone.classList.remove("over");
    if (!ours(event)) return;
    event.preventDefault();
    const { files, passedOver } = await dropped(event.dataTransfer, kind());
    take(files, passedOver);
  });
}

async function dropped({ items, files }, kind) {
  const alone = [...files], entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry);
  if (!entries.some((entry) => entry.isDirectory)) return { files: alone, passedOver: 0 };
  const all = [];
  for (const entry of entries) all.push(...(await filesBelow(entry)));
  const fitting = all.filter((file) => file.type.startsWith(kind));
  return { files: fitting, passedOver: all.length - fitting.length };
}

async function filesBelow(entry) {
  if (entry.isFile) return [await new Promise((done, failed) => entry.file(done, failed))];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((done, failed) => reader.readEntries(done, failed)); // at most 100 at a time
    if (!some.length) break;
    for (const each of some) found.push(...(await filesBelow(each)));
  }
  return found.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true })); // 2.jpg before 10.jpg
}
