// Where the page does not start: say which script is missing. This one imports nothing, and is not a module: one file that does
// not load stops all modules, and from a disk none is loaded at all.

addEventListener("error", async ({ target }) => {
  if (target.type !== "module" || location.protocol === "file:") return;
  const addresses = new Set([target.src]); // grows while it is walked
  for (const address of addresses) {
    const response = await fetch(address).catch(() => null);
    const got = (response?.ok ? response.headers.get("content-type") : response?.status) ?? "–";
    if (!/javascript/.test(got)) {
      const { pathname } = new URL(address), spanish = navigator.language.startsWith("es");
      document.getElementById("loading-words").textContent = spanish
        ? `${pathname} no se pudo cargar como script (el servidor respondió: ${got}). Copie la carpeta exportada entera; el servidor debe enviar los scripts como text/javascript.`
        : `${pathname} could not be loaded as a script (the server answered: ${got}). Copy the whole exported folder; the server must send scripts as text/javascript.`;
      return;
    }
    for (const [, name] of (await response.text()).matchAll(/^[^/]+ from "(\..+?)"/gm)) addresses.add(new URL(name, address).href);
  }
}, true);
