/* Does what the nurse typed survive a dead network, a killed server, a closed tab?  Every entry is written to the browser's own
   database first (durability: strict), under a name made here, with the moment of the tap.  It is sent in order, once, again until
   the server has answered; the server knows a repeat by its name.  What it refuses is shown for correction, never dropped. */
import { csrf, newUid } from "./page.js";
import { iso } from "./clock.js";

const DATABASE = "stillhaven";
const LOCK = "stillhaven-outbox";
const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
const finished = (tx) => new Promise((resolve, reject) => { tx.oncomplete = () => resolve(); tx.onerror = tx.onabort = () => reject(tx.error || new Error("aborted")); });

let opening;
function database() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("outbox", { keyPath: "seq", autoIncrement: true }).createIndex("uid", "uid", { unique: true });
      request.result.createObjectStore("drafts", { keyPath: "key" });
    };
    request.onsuccess = () => { request.result.onversionchange = () => { request.result.close(); opening = undefined; }; resolve(request.result); };
    request.onerror = () => { opening = undefined; reject(request.error); };
  });
  return opening;
}
async function write(stores, work) {
  const db = await database();
  const tx = db.transaction(stores, "readwrite", { durability: "strict" });
  const result = work(...[].concat(stores).map((name) => tx.objectStore(name)));
  await finished(tx);
  return result;
}

export const drafts = {
  async get(key) { try { return (await done((await database()).transaction("drafts").objectStore("drafts").get(key)))?.text || ""; } catch { return ""; } },
  async set(key, text) { try { await write("drafts", (store) => (text ? store.put({ key, text }) : store.delete(key))); } catch { /* the text is still on the screen */ } },
  async clear() { try { await write("drafts", (store) => store.clear()); } catch { /* nothing kept, nothing to clear */ } },
};

export class Outbox {
  /** onChange({waiting, refused, blocked}), onSent(entry, answer), onRefused(entry); user() is who writes now. */
  constructor({ onChange, onSent, onRefused, user }) {
    Object.assign(this, { onChange, onSent, onRefused, user });
    this.blocked = "";       // "", "offline", "signed-out", "locked", "other-user"
    this.failures = 0;
    this.running = false;
    this.channel = "BroadcastChannel" in window ? new BroadcastChannel("stillhaven-outbox") : null;
    if (this.channel) this.channel.onmessage = () => this.report();
    addEventListener("online", () => this.kick());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.kick(); });
    navigator.storage?.persist?.().catch(() => {});
    this.report();
    this.kick();
  }

  async all() { return done((await database()).transaction("outbox").objectStore("outbox").getAll()); }

  /** Keeps an entry; resolves once it is safely on this device.  `replaces` is the refused entry that it corrects. */
  async add({ kind, url, body = {}, label, person = "", file = null, happenedAt = null, replaces = null }) {
    const uid = newUid();
    const by = this.user() || "";
    const entry = { uid, kind, url, label, person, by, file, state: "waiting", tries: 0, kept_at: iso(), body: { ...body, uid, happened_at: happenedAt || iso(), entered_by: by } };
    await write("outbox", (store) => { store.add(entry); if (replaces) store.delete(replaces); });
    this.tell();
    this.kick();
    return entry;
  }

  async again(seq) {
    await write("outbox", (store) => { store.get(seq).onsuccess = (event) => { const entry = event.target.result; if (entry) store.put({ ...entry, state: "waiting", answer: null }); }; });
    this.tell();
    this.kick();
  }

  /** An entry without a name (made while nobody was known) is taken on by who is signed in. */
  async adopt() {
    const by = this.user() || "";
    const nameless = (await this.all()).filter((e) => !e.by);
    await write("outbox", (store) => { for (const entry of nameless) store.put({ ...entry, by, body: { ...entry.body, entered_by: by } }); });
    this.tell();
    this.kick();
  }

  tell() { this.channel?.postMessage("changed"); this.report(); }

  async report() {
    try {
      const all = await this.all();
      this.onChange({ waiting: all.filter((e) => e.state === "waiting"), refused: all.filter((e) => e.state === "refused"), blocked: this.blocked });
    } catch (error) { this.onChange({ waiting: [], refused: [], blocked: "broken", error }); }
  }

  /** Send now, if anything waits. */
  kick() { clearTimeout(this.timer); this.timer = setTimeout(() => this.run(), 0); }

  async run() {
    if (this.running) return;
    this.running = true;
    try {
      if (navigator.locks) await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? this.drain() : null));
      else await this.drain();
    } catch { /* the database is busy or closed: the next round tries again */ } finally {
      this.running = false;
      const pause = this.failures ? Math.min(8000, 500 * 2 ** this.failures) : 1500;
      clearTimeout(this.timer);
      const some = await this.all().then((all) => all.some((e) => e.state === "waiting"), () => true);
      if (some) this.timer = setTimeout(() => this.run(), pause);
    }
  }

  async drain() {
    for (;;) {
      const waiting = (await this.all()).filter((e) => e.state === "waiting");
      const me = this.user();
      const entry = waiting.find((e) => me && e.by === me);
      if (!entry) { this.block(waiting.length ? "other-user" : ""); return; }
      const outcome = await this.send(entry);
      if (outcome.state === "sent") { await write("outbox", (store) => store.delete(entry.seq)); this.failures = 0; this.block(""); this.onSent(entry, outcome.answer); this.tell(); }
      else if (outcome.state === "refused") {
        const refused = { ...entry, state: "refused", answer: outcome.answer };
        await write("outbox", (store) => store.put(refused));
        this.failures = 0; this.block(""); this.onRefused(refused); this.tell();
      } else { this.failures = Math.min(this.failures + 1, 6); this.block(outcome.why); return; }
    }
  }

  block(why) { if (why !== this.blocked) { this.blocked = why; this.report(); } }

  async send(entry) {
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), entry.file ? 60000 : 8000);
    try {
      const headers = { Accept: "application/json", "X-CSRFToken": csrf(), "X-Requested-With": "XMLHttpRequest" };
      let body;
      if (entry.file) {
        body = new FormData();
        for (const [name, value] of Object.entries(entry.body)) body.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
        body.append("file", entry.file, entry.file.name || "photo.jpg");
      } else { headers["Content-Type"] = "application/json"; body = JSON.stringify(entry.body); }
      const answer = await fetch(entry.url, { method: "POST", headers, body, redirect: "manual", credentials: "same-origin", cache: "no-store", signal: abort.signal });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return { state: "keep", why: "signed-out" };
      if (answer.status === 423) return { state: "keep", why: "locked" };
      if (answer.status >= 500 || answer.status === 408 || answer.status === 425 || answer.status === 429) return { state: "keep", why: "offline" };
      let json = null;
      try { json = await answer.json(); } catch { /* no JSON: not the server's word */ }
      if (answer.ok) return json?.ok ? { state: "sent", answer: json } : { state: "keep", why: "offline" };
      return { state: "refused", answer: { status: answer.status, ...(json || {}) } };
    } catch { return { state: "keep", why: "offline" }; } finally { clearTimeout(limit); }
  }
}
