// Requests to the studio. A decision is sent again with the same id until it is answered, so that it is kept once, and not lost.

let who = new URLSearchParams(location.search).get("as") || "";

/** Who works here; every request says it. */
export function setWho(name) {
  who = name;
  const url = new URL(location);
  url.searchParams.set("as", name);
  history.replaceState(null, "", url);
}

export class Failed extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

function address(path, values = {}) {
  const query = new URLSearchParams(values);
  if (who) query.set("as", who);
  return `${path}?${query}`;
}

async function answered(response) {
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Failed(body.error?.message || response.statusText, response.status);
  return body;
}

/** Ask for something. */
export async function get(path, values) {
  return answered(await fetch(address(path, values), { headers: { Accept: "application/json" } }));
}

/** Send something. */
export async function post(path, body) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return answered(await fetch(address(path), options));
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Send a decision; without an answer it is sent again, four times in all. */
export async function decide(what, more = {}) {
  const body = { what, id: `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 10)}`, ...more };
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await post("api/act", body);
    } catch (error) {
      if (error instanceof Failed || attempt === 3) throw error;
      await pause(200 * 2 ** attempt);
    }
  }
}
