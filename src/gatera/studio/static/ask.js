// A decision is sent again with the same id until it is answered: it is kept once, and not lost.

let who = new URLSearchParams(location.search).get("as") || "";

let of = ""; // the items that are meant by their positions
/** Who works here; every request says it. Returns who worked here before. */
export function setWho(name) {
  const before = who;
  who = name;
  const url = new URL(location);
  if (name) url.searchParams.set("as", name);
  else url.searchParams.delete("as");
  history.replaceState(null, "", url);
  return before;
}

export function address(path, values = {}) {
  const query = new URLSearchParams({ ...values, lang: document.documentElement.lang });
  if (who) query.set("as", who);
  if (of) query.set("of", of);
  return `${path}?${query}`;
}

async function answered(response) {
  const body = await response.json().catch(() => ({}));
  of = body.listing ?? of;
  if (response.status === 412) { // other items: nothing is decided until they are shown
    alert(body.error.message);
    location.reload();
    await new Promise(() => {});
  }
  if (!response.ok) throw Object.assign(new Error(body.error?.message || response.statusText || response.status), { status: response.status }); // without one, nothing answered
  return body;
}

export async function get(path, values) {
  return answered(await fetch(address(path, values)));
}

async function sent(to, body, headers) {
  return answered(await fetch(to, { method: "POST", headers, body }));
}

export const post = (path, body) => sent(address(path), JSON.stringify(body), { "Content-Type": "application/json" });

export async function bytesOf(path) {
  const response = await fetch(address(path));
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : answered(response);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let lost = {}; // a decision without an answer: said again, it is the same one, so that of two undos one counts

/** Send a decision, or the bytes of a mask, up to four times. */
export async function decide(what, { bytes, ...more }) {
  const said = bytes || JSON.stringify([what, more.items, more.label]);
  const id = lost.said === said ? lost.id : `${Date.now()}-${Math.random()}`;
  const body = { what, id, ...more };
  lost = {};
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await (bytes ? sent(address(`api/mask/${more.i}`, body), bytes, bytes.byteLength ? { "Content-Encoding": "gzip" } : {}) : post("api/act", body));
    } catch (error) {
      error.unsure = !(error.status < 502 || error.status > 504); // those are a proxy's
      if (error.unsure) lost = { said, id };
      if (!error.unsure || attempt === 3) throw error;
      await pause(200 * 2 ** attempt);
    }
  }
}
