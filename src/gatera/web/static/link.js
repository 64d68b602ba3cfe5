// A one-time link is used once a person sees its page, not where a browser loads it ahead or behind another tab.
import { speak } from "./words.js";

speak({
  en: { title: "Your link", once: "It signs one browser in.", open: "Open" },
  es: { title: "Su enlace", once: "Abre la página en un solo navegador.", open: "Abrir" },
});

let sent = false;

function sendOnceSeen() {
  if (sent || document.prerendering || document.visibilityState !== "visible") return;
  sent = true;
  document.querySelector("form").submit();
}

document.addEventListener("visibilitychange", sendOnceSeen);
document.addEventListener("prerenderingchange", sendOnceSeen);
sendOnceSeen();
