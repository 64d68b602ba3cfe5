import { speak } from "./words.js";

speak({
  en: {
    title: "Sign in",
    wrong: "Wrong token, or a link that was already used: a link works once. Restarting the server prints a new one.",
    token: "Token of this server",
    enter: "Sign in",
  },
  es: {
    title: "Entrar",
    wrong: "Ese no es el token, o el enlace ya se usó: abre una vez. Quien inicia el servidor recibe uno nuevo.",
    token: "Token de este servidor",
    enter: "Entrar",
  },
});
