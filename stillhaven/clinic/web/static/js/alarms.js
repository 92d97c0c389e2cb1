/* What is wrong, and has somebody taken it?  The worst alarm stands first and a high one is never hidden by a lower;
   all open ones are one tap away; acknowledging is one tap; a pause of the sound shows its countdown and ends by itself. */
import { ago, iso, now, span } from "./clock.js";
import { el, say, setAttr, setText } from "./page.js";

const RANK = { high: 3, medium: 2, low: 1 };
const SIGNS = { high: "▲▲▲", medium: "▲▲", low: "▲" };

const open = (alarm) => alarm.state !== "acknowledged";
const order = (a, b) => RANK[b.priority] - RANK[a.priority] || Number(open(b)) - Number(open(a)) || String(a.raised_at).localeCompare(String(b.raised_at));

/** Worst first; of the same priority those still unanswered first, then the oldest. */
export const sorted = (alarms) => [...(alarms || [])].sort(order);

/** Which stand in the bar: the worst of all, then the worst that waits for an answer. */
export function slots(alarms, count) {
  const all = sorted(alarms);
  const rest = all.slice(1).sort((a, b) => Number(open(b)) - Number(open(a)) || order(a, b));
  return all.length ? [all[0], ...rest].slice(0, count) : [];
}

export class Alarms {
  constructor({ slotsPlace, listButton, pauseButton, polite, assertive, audible, onAck, onPause, onList, template }) {
    Object.assign(this, { slotsPlace, listButton, pauseButton, polite, assertive, audible, onAck, onPause, onList, template });
    this.nodes = new Map();
    this.answered = new Map();      // taken on this tablet, not yet confirmed by the server
    this.spoken = new Map();
    this.pausedUntil = 0;
    this.quietUntil = 0;
    listButton.addEventListener("click", () => onList());
    pauseButton.addEventListener("click", () => onPause());
  }

  /** The alarms as shown: an acknowledgement waiting in the outbox counts, and says so. */
  shown(state) {
    const alive = new Set((state?.alarms || []).map((a) => a.uid));
    for (const uid of this.answered.keys()) if (!alive.has(uid)) this.answered.delete(uid);
    return (state?.alarms || []).map((a) => (this.answered.has(a.uid) && open(a) ? { ...a, state: "acknowledged", ack_by: say("ack.sending") } : a));
  }

  render(state, silent = false) {
    this.silent = silent;
    const alarms = this.shown(state);
    const locked = Boolean(state?.session?.locked);
    const wide = matchMedia("(min-width: 621px)").matches ? 2 : 1;
    const visible = slots(alarms, wide);
    this.draw(visible, locked);
    const more = alarms.length - visible.length;
    const waiting = alarms.filter(open).length;
    setText(this.listButton.querySelector(".count"), more > 0 ? `+${more}` : String(alarms.length));
    setText(this.listButton.querySelector(".what"), more > 0 ? say("alarm.more") : say("alarm.open"));
    setAttr(this.listButton, "title", say("alarm.list", { n: alarms.length, waiting }));
    setAttr(this.listButton, "data-state", more > 0 ? "warn" : null);
    this.pausedUntil = state?.audio?.paused_until ? Date.parse(state.audio.paused_until) : 0;
    this.tickPause(state);
    this.speak(alarms);
  }

  draw(visible, locked) {
    const keep = new Set(visible.map((a) => a.uid));
    for (const [uid, node] of this.nodes) if (!keep.has(uid)) { node.remove(); this.nodes.delete(uid); }
    if (!visible.length) {
      if (!this.calm) { this.calm = el("p", { class: "alarm-calm" }); this.slotsPlace.append(this.calm); }
      setText(this.calm, this.silent ? say("alarm.unknown") : say("alarm.none"));
      setAttr(this.calm, "data-look", this.silent ? "unknown" : null);
      return;
    }
    this.calm?.remove(); this.calm = null;
    visible.forEach((alarm, index) => {
      let node = this.nodes.get(alarm.uid);
      if (!node) { node = this.build(alarm); this.nodes.set(alarm.uid, node); }
      if (this.slotsPlace.children[index] !== node) this.slotsPlace.insertBefore(node, this.slotsPlace.children[index] || null);
      this.fill(node, alarm, locked);
    });
  }

  build(alarm) {
    const node = this.template.content.firstElementChild.cloneNode(true);
    node.dataset.uid = alarm.uid;
    node.querySelector("button").addEventListener("click", () => this.take(alarm.uid));
    return node;
  }

  fill(node, alarm, locked) {
    setAttr(node, "data-priority", alarm.priority);
    setAttr(node, "data-technical", Boolean(alarm.technical) ? "true" : null);
    setAttr(node, "data-state", alarm.state);
    setText(node.querySelector("[data-part=sign]"), SIGNS[alarm.priority]);
    setText(node.querySelector("[data-part=priority]"), say(`priority.short.${alarm.priority}`));
    setText(node.querySelector(".alarm-title"), alarm.title);
    const age = ago(now() - Date.parse(alarm.raised_at || alarm.crossed_at));
    const tail = [];
    if (alarm.state === "latched") tail.push(say("alarm.latched"));
    if (alarm.state === "acknowledged") tail.push(say("alarm.acked", { by: alarm.ack_by || "" }));
    if (this.silent) tail.push(say("alarm.asof"));
    if (alarm.escalated) tail.push(say("alarm.escalated"));
    const detail = [alarm.detail, age, ...tail].filter(Boolean).join(" · ");
    setText(node.querySelector(".alarm-detail"), detail);
    setAttr(node, "title", `${alarm.title}: ${detail}`);
    const button = node.querySelector("button");
    setAttr(button, "hidden", alarm.state === "acknowledged");
    setText(button, locked ? say("locked.unlock") : say("alarm.ack"));
    setAttr(button, "aria-label", `${locked ? say("alarm.unlock") : say("alarm.ack")}: ${alarm.title}`);
  }

  take(uid) {
    this.answered.set(uid, now());
    if (this.onAck(uid, iso()) === false) this.answered.delete(uid);
  }

  /** The server refused it, or it could not be kept: it stands open again. */
  untake(uid) { this.answered.delete(uid); }

  /** The worst that is shown and waits: for the key A. */
  takeWorst(state) {
    const waiting = sorted(this.shown(state)).find(open);
    if (waiting) this.take(waiting.uid);
    return waiting;
  }

  quiet(seconds) { this.quietUntil = now() + seconds * 1000; }

  tickPause(state) {
    const left = Math.max(this.pausedUntil, this.quietUntil) - now();
    const paused = left > 0;
    const mute = !this.audible();
    setAttr(this.pauseButton, "data-state", mute ? "mute" : paused ? "warn" : null);
    setText(this.pauseButton.querySelector(".count"), paused && !mute ? span(left) : "");
    setText(this.pauseButton.querySelector(".what"), mute ? say("sound.off") : paused ? say("sound.paused") : say("sound.pause"));
    const by = paused && state?.audio?.by ? say("sound.paused_by", { by: state.audio.by, span: span(left) }) : "";
    setAttr(this.pauseButton, "title", by || (paused ? say("sound.paused") : say("sound.pause_long")));
    return paused;
  }

  /** Which pattern should sound. */
  pattern(state, silent) {
    if (Math.max(this.pausedUntil, this.quietUntil) > now()) return "";
    if (silent) return "silence";
    return sorted(this.shown(state)).find(open)?.priority || "";
  }

  /** A screen reader hears each alarm once when it comes, and again when it grows worse: a high one at once. */
  speak(alarms) {
    const present = new Set();
    for (const alarm of sorted(alarms)) {
      present.add(alarm.uid);
      if (!open(alarm) || this.spoken.get(alarm.uid) === alarm.priority) continue;
      this.spoken.set(alarm.uid, alarm.priority);
      const text = `${say(`priority.${alarm.priority}`)}: ${alarm.title}. ${alarm.detail || ""}`;
      (alarm.priority === "high" ? this.assertive : this.polite).append(el("p", {}, text));
    }
    for (const uid of this.spoken.keys()) if (!present.has(uid)) this.spoken.delete(uid);
    for (const place of [this.polite, this.assertive]) while (place.children.length > 6) place.firstElementChild.remove();
  }

  /** All open ones, for the sheet. */
  list(state) {
    const locked = Boolean(state?.session?.locked);
    const alarms = sorted(this.shown(state));
    if (!alarms.length) return [el("div", { class: "empty" }, el("p", {}, say("alarm.none")))];
    return alarms.map((alarm) => { const node = this.build(alarm); this.fill(node, alarm, locked); return node; });
  }
}
