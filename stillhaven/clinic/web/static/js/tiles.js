/* What are the vital signs now?  One tile a signal: value, unit, age that ticks, limit, baseline, trend.
   A value older than its signal allows, or one nobody may use, becomes a dash with the reason. */
import { ago, hhmm, now, span } from "./clock.js";
import { say, setAttr, setText } from "./page.js";

const USABLE = new Set(["good", "questionable"]);
const SIGNS = { high: "▲▲▲", medium: "▲▲", low: "▲" };
const RANK = { high: 3, medium: 2, low: 1 };
const PRESSURE = new Set(["pressure", "systolic_mmhg", "diastolic_mmhg", "mean_pressure_mmhg"]);

export const covers = (tileSignal, signal) => tileSignal === signal || (tileSignal === "pressure" && PRESSURE.has(signal));

export function figure(value, decimals = 0) {
  if (value === null || value === undefined) return "—";
  if (Array.isArray(value)) return `${figure(value[0], decimals)}/${figure(value[1], decimals)}`;
  return Number(value).toFixed(decimals);
}

const empty = (value) => value === null || value === undefined || (Array.isArray(value) && value.slice(0, 2).every((v) => v === null || v === undefined));

/** The older of measured and arrived: a cuff value sent again each second does not grow young. */
export function ageMs(tile, at = now()) {
  const times = [tile.at, tile.arrived_at].filter(Boolean).map((t) => Date.parse(t));
  return times.length ? Math.max(0, at - Math.min(...times)) : null;
}

/** live, questionable, stale, or none; and why, in words. */
export function judge(tile, silent, at = now()) {
  const age = ageMs(tile, at);
  if (silent) return { look: "stale", why: say("tile.nonews"), age };
  if (age === null) return { look: "none", why: tile.reason || say("tile.never"), age };
  if (age > tile.stale_after_s * 1000) {
    const since = tile.intermittent ? say("tile.last_at", { time: hhmm(at - age), span: span(age) }) : say("tile.nosignal", { span: span(age) });
    return { look: "stale", why: tile.reason || since, age, since };
  }
  if (empty(tile.value) || !USABLE.has(tile.quality || "good")) {
    const quality = tile.quality && !USABLE.has(tile.quality) && tile.quality !== "no_value" ? say(`quality.${tile.quality}`) : "";
    return { look: "none", why: tile.reason || quality || say("tile.novalue"), age };
  }
  return { look: tile.quality === "questionable" ? "questionable" : "live", why: "", age };
}

function parts(node) {
  const find = (name) => node.querySelector(`[data-part="${name}"]`);
  return Object.fromEntries(["name", "age", "num", "unit", "mean", "arrow", "word", "limit", "base", "last", "mark", "sign"].map((name) => [name, find(name)]));
}

export class Tiles {
  constructor(place, template) {
    this.place = place;
    this.template = template;
    this.nodes = new Map();
  }

  render(state, silent) {
    const tiles = state?.tiles || [];
    const wanted = tiles.map((t) => t.signal).join();
    if (wanted !== this.wanted) this.build(tiles, wanted);
    for (const tile of tiles) this.one(tile, state, silent);
  }

  build(tiles, wanted) {
    this.wanted = wanted;
    this.nodes.clear();
    this.place.replaceChildren();
    setAttr(this.place, "data-count", tiles.length);
    tiles.forEach((tile, index) => {
      const node = this.template.content.firstElementChild.cloneNode(true);
      node.dataset.signal = tile.signal;
      if (tiles.length > 5 && index > 3) node.dataset.minor = "";
      this.nodes.set(tile.signal, { node, ...parts(node) });
      this.place.append(node);
    });
  }

  one(tile, state, silent) {
    const p = this.nodes.get(tile.signal);
    const { look, why, age, since } = judge(tile, silent);
    const shown = look === "live" || look === "questionable";
    setAttr(p.node, "data-look", look);
    setAttr(p.node, "data-source", tile.source);
    setText(p.name, tile.label);
    const text = shown ? figure(tile.value, tile.decimals) : "—";
    setText(p.num, text);
    setAttr(p.node, "data-long", text.length > 4);
    setText(p.unit, tile.unit);
    const mean = shown && Array.isArray(tile.value) ? tile.value[2] : null;
    setText(p.mean, mean === null || mean === undefined ? "" : `(${figure(mean, tile.decimals)})`);

    let ageText;
    if (!shown) ageText = why;
    else if (look === "questionable") ageText = say("tile.questionable", { span: span(age) });
    else if (tile.source === "hand") ageText = say("tile.hand", { span: span(age) });
    else if (tile.intermittent) ageText = say("tile.cuff", { time: hhmm(now() - age), span: span(age) });
    else ageText = span(age);
    setText(p.age, ageText);
    setAttr(p.age, "title", ageText);

    const arrow = shown ? { up: "↑", down: "↓", steady: "→" }[tile.trend] || "" : "";
    setText(p.arrow, arrow);
    setText(p.word, arrow ? say(`trend.${tile.trend}`) : "");
    const limit = tile.limit_text || this.limits(tile);
    setText(p.limit, limit);
    setAttr(p.limit, "title", limit);
    const base = empty(tile.baseline) ? say("tile.nobaseline") : say("tile.baseline", { value: figure(tile.baseline, tile.decimals) });
    setText(p.base, shown ? base : "");
    let last = "";
    if (!shown) last = empty(tile.last_value) ? (since || "") : say("tile.last", { value: figure(tile.last_value, tile.decimals), ago: age === null ? "" : ago(age) });
    setText(p.last, last);

    const mode = tile.mode && tile.mode !== "real" ? say(`mode.${tile.mode}`) : "";
    setText(p.mark, mode);
    setAttr(p.mark, "hidden", !mode);

    const mine = (state.alarms || []).filter((a) => covers(tile.signal, a.signal) && a.state !== "cleared");
    const waiting = mine.filter((a) => a.state !== "acknowledged");
    const worst = (waiting.length ? waiting : mine).reduce((most, a) => (RANK[a.priority] > (RANK[most] || 0) ? a.priority : most), "");
    setAttr(p.node, "data-alarm", worst || null);
    setAttr(p.node, "data-acked", worst && !waiting.length ? "true" : null);
    setText(p.sign, worst ? SIGNS[worst] : "");
    setAttr(p.node, "aria-label", `${tile.label}: ${shown ? `${text} ${tile.unit}` : say("tile.spoken_none")}, ${ageText}${worst ? `, ${say(`priority.${worst}`)}` : ""}`);
  }

  limits(tile) {
    const { limit_low: low, limit_high: high } = tile;
    if (low !== null && low !== undefined && high !== null && high !== undefined) return `${figure(low, tile.decimals)}–${figure(high, tile.decimals)}`;
    if (high !== null && high !== undefined) return `≤ ${figure(high, tile.decimals)}`;
    if (low !== null && low !== undefined) return `≥ ${figure(low, tile.decimals)}`;
    return say("tile.nolimit");
  }
}
