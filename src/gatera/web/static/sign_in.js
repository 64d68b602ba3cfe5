import { speak } from "./words.js";

speak({
  en: {
    title: "Sign in",
    wrong: "That is not the token, or the link was used before.",
    token: "Token of this server",
    enter: "Sign in",
  },
  es: {
    title: "Entrar",
    wrong: "Ese no es el token, o el enlace ya se usó.",
    token: "Token de este servidor",
    enter: "Entrar",
  },
});
