/* What time is it at the clinic's server?  Ages are counted on the server's clock, not on a tablet's that may be minutes off.
   The difference is learnt from the least delayed message; one that comes clearly later than it should is late news, not news. */
import { say } from "./page.js";

const LATE_MS = 2500;
let offset = 0;
let known = false;

export const now = () => Date.now() + offset;
export const isKnown = () => known;
export const iso = (ms = now()) => new Date(ms).toISOString();

/** Takes the server's time from a message.  False: the message is late (held up on the way, or this page was asleep). */
export function learn(serverNow) {
  const sample = Date.parse(serverNow) - Date.now();
  if (Number.isNaN(sample)) return true;
  if (!known || sample >= offset) { offset = sample; known = true; return true; }
  if (offset - sample > LATE_MS) return false;
  offset += (sample - offset) * 0.02;
  return true;
}

/** Takes the server's time from an answer whose round trip was measured: the truth, also after either clock was set. */
export function learnRoundTrip(serverNow, sentAt, heardAt) {
  const server = Date.parse(serverNow);
  if (Number.isNaN(server) || heardAt - sentAt > 2000) return false;
  offset = server - (sentAt + heardAt) / 2;
  known = true;
  return true;
}

/* Times are shown as the clinic's clock on the wall shows them, wherever this browser thinks it is. */
const zone = document.documentElement.dataset.zone || undefined;
const clockFace = (options) => {
  try { return new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options }); }
  catch { return new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options }); }  // a zone that this browser does not know
};
const minutes = clockFace({ hour: "2-digit", minute: "2-digit" });
const seconds = clockFace({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
export const hhmm = (ms) => minutes.format(ms);
export const hhmmss = (ms) => seconds.format(ms);
/** A day in short: of a moment, the day it is at the clinic; of a plain date, that date wherever one reads it. */
const today = clockFace({ day: "numeric", month: "short" });
const plainDay = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "numeric", month: "short" });
export const day = (at) => (typeof at === "string" && at.length === 10 ? plainDay.format(new Date(`${at}T12:00:00Z`)) : today.format(at));

/** 8 s, 4 min, 2 h 5 min: as short as it stays true. */
export function span(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 120) return say("time.s", { v: s });
  const m = Math.floor(s / 60);
  if (m < 120) return say("time.min", { v: m });
  const h = Math.floor(m / 60);
  if (h < 48) return m % 60 ? say("time.hmin", { h, v: m % 60 }) : say("time.h", { v: h });
  return say("time.d", { v: Math.floor(h / 24) });
}
export const ago = (ms) => say("time.ago", { span: span(ms) });
