/* What is new at the chair?  Server-sent events that resume after a cut by the last cursor; polling once a second while they
   fail.  Points, events and gaps merge by their own keys, so that hearing a thing twice changes nothing. */
import { learn, learnRoundTrip } from "./clock.js";

const POINTS_KEPT = 30000;

export function mergePoints(old = [], fresh = []) {
  for (const point of fresh) {
    const last = old.length ? old[old.length - 1][0] : -Infinity;
    if (point[0] > last) { old.push(point); continue; }
    let low = 0, high = old.length;
    while (low < high) { const mid = (low + high) >> 1; if (old[mid][0] < point[0]) low = mid + 1; else high = mid; }
    if (old[low] && old[low][0] === point[0]) old[low] = point; else old.splice(low, 0, point);
  }
  if (old.length > POINTS_KEPT) old.splice(0, old.length - POINTS_KEPT);
  return old;
}

const byKey = (old = [], fresh = [], key) => {
  const all = new Map(old.map((item) => [key(item), item]));
  for (const item of fresh) all.set(key(item), item);
  return [...all.values()];
};

/** The state after a message: a key that is there replaces; points, events and gaps grow. */
export function merge(state, message) {
  const full = message.full || !state;
  const next = full ? {} : state;
  for (const [name, value] of Object.entries(message)) {
    if (name === "full") continue;
    if (name === "points") {
      next.points = next.points || {};
      for (const [signal, fresh] of Object.entries(value || {})) next.points[signal] = mergePoints(next.points[signal], fresh);
    } else if (name === "events") next.events = byKey(next.events, value, (e) => e.uid).sort((a, b) => a.at_ms - b.at_ms);
    else if (name === "gaps") next.gaps = byKey(next.gaps, value, (g) => `${g.signal} ${g.start_ms}`);
    else next[name] = value;
  }
  return next;
}

/** onState(state, message), onNews(), onLink("live" | "polling" | "lost" | "signed-out"). */
export class Stream {
  constructor({ urls, first, onState, onNews, onLink }) {
    Object.assign(this, { urls, onState, onNews, onLink });
    this.state = first ? merge(null, { ...first, full: true }) : null;
    this.link = "";
    this.source = null;
    this.lastEvent = 0;
    this.opened = 0;
    this.polling = false;
    this.hasAll = Boolean(first);
  }

  start() {
    if (this.state) { learn(this.state.now); this.onState(this.state, this.state); this.onNews(this.state); }
    this.open();
    this.timer = setInterval(() => this.watch(), 1000);
    for (const name of ["online", "pageshow", "focus"]) addEventListener(name, () => this.poll());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.poll(); });
  }

  open() {
    this.source?.close();
    const since = this.state?.cursor && this.hasAll ? `?since=${encodeURIComponent(this.state.cursor)}` : "";
    this.source = new EventSource(this.urls.stream + since, { withCredentials: true });
    this.opened = performance.now();
    this.source.addEventListener("state", (event) => {
      const message = JSON.parse(event.data);
      if (event.lastEventId) message.cursor = event.lastEventId;
      this.heard("live", message);
    });
    this.source.addEventListener("beat", (event) => this.heard("live", JSON.parse(event.data)));
  }

  heard(link, message, roundTrip = null) {
    const onTime = roundTrip ? learnRoundTrip(message.now, ...roundTrip) || learn(message.now) : learn(message.now);
    this.lastEvent = performance.now();
    const { watch_beat: beat, now, ...rest } = message;
    if (beat !== undefined) rest.parts = { ...(rest.parts || this.state?.parts), watch_beat: beat };
    if (now) rest.now = now;
    const whole = message.full || ["session", "patient", "tiles", "alarms"].every((name) => name in message);
    if (!this.hasAll && !whole) { this.setLink(link); this.poll(); return; }
    this.state = merge(this.state, this.hasAll ? rest : { ...rest, full: true });
    this.hasAll = true;
    this.setLink(link);
    this.onState(this.state, rest);
    if (onTime) this.onNews(this.state); else this.poll();
  }

  setLink(link) { if (link !== this.link) { this.link = link; this.onLink(link); } }

  /** Every second: are events coming?  If not, ask; and open a stream that the browser has given up. */
  watch() {
    const quiet = performance.now() - Math.max(this.lastEvent, this.opened);
    if (this.source.readyState === EventSource.CLOSED && performance.now() - this.opened > 3000) this.open();
    if (quiet > 2500 || this.link === "polling" || this.link === "lost") {
      this.poll();
      if (quiet > 12000 && performance.now() - this.opened > 12000) this.open();
    }
  }

  async poll() {
    if (this.polling) return;
    this.polling = true;
    const since = this.hasAll && this.state?.cursor ? `?since=${encodeURIComponent(this.state.cursor)}` : "";
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), 4000);
    const sent = Date.now();
    try {
      const answer = await fetch(this.urls.state + since, { headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store", signal: abort.signal });
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) { this.setLink("signed-out"); return; }
      if (answer.status === 410 || answer.status === 409) { this.hasAll = false; return; }  // the cursor is too old: ask for everything
      if (!answer.ok) { this.setLink("lost"); return; }
      const message = await answer.json();
      const live = this.source.readyState === EventSource.OPEN && performance.now() - this.lastEvent < 2500;
      if (!since) message.full = true;
      this.heard(live ? "live" : "polling", message, [sent, Date.now()]);
    } catch { this.setLink("lost"); } finally { clearTimeout(limit); this.polling = false; }
  }

  /** Everything anew: after unlocking, or when a piece is missing. */
  refresh() { this.hasAll = false; return this.poll(); }
}
