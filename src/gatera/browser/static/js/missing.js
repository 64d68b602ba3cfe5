// Where the page does not start: say which script is missing, or is not what the others expect. This one imports nothing, and is not a
// module: one file that does not load stops all modules, and from a disk none is loaded at all.

function tell(english, spanish) {
  document.getElementById("loading-words").textContent = navigator.language.startsWith("es") ? spanish : english;
}

addEventListener("error", async ({ target, filename, message }) => {
  if (location.protocol === "file:") return;
  if (/SyntaxError/.test(message)) {
    const script = `${new URL(filename).pathname}: ${message}`;
    tell(
      `${script}. The script is damaged, of another export that a cache kept, or this browser is too old. Reload the page, or use a newer browser.`,
      `${script}. El script está dañado, es de otra exportación que guardó una caché, o este navegador es demasiado antiguo. Recargue la página, o use un navegador más nuevo.`,
    );
  }
  if (target.type !== "module") return;
  const addresses = new Set([target.src]); // grows while it is walked
  for (const address of addresses) {
    const response = await fetch(address).catch(() => null);
    const got = (response?.ok ? response.headers.get("content-type") : response?.status) ?? "–";
    if (!/javascript/.test(got)) {
      const { pathname } = new URL(address);
      tell(
        `${pathname} could not be loaded as a script (the server answered: ${got}). Copy the whole exported folder; the server must send scripts as text/javascript.`,
        `${pathname} no se pudo cargar como script (el servidor respondió: ${got}). Copie la carpeta exportada entera; el servidor debe enviar los scripts como text/javascript.`,
      );
      return;
    }
    for (const [, name] of (await response.text()).matchAll(/^[^/]+ from "(\..+?)"/gm)) addresses.add(new URL(name, address).href);
  }
}, true);
