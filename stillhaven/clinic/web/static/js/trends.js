/* How did it get here?  One strip a signal on a common time axis, drawn on a canvas of our own: band from lowest to highest with
   the line inside it, gaps drawn as gaps with their reason, cuff pressures as bars from systolic to diastolic, limits, the model's
   estimate with its spread, and what happened, on the axis.  A table with the same figures stands beside it. */
import { hhmm, now } from "./clock.js";
import { el, say } from "./page.js";
import { figure } from "./tiles.js";

const SIGNAL_COLOUR = {
  heart_rate_per_min: "--hr", pulse_rate_per_min: "--hr", spo2_pct: "--spo2", pressure: "--bp",
  resp_rate_per_min: "--rr", etco2_mmhg: "--rr", temperature_c: "--other",
};
/* Display only: how much of a scale a strip shows at least, so that noise does not look like a storm. */
const LEAST_SPAN = { spo2_pct: 12, pressure: 70, heart_rate_per_min: 40, pulse_rate_per_min: 40, resp_rate_per_min: 16, etco2_mmhg: 24, temperature_c: 2 };
const LEFT = 40, TOP = 6, AXIS = 22, LANE = 20;
const FONT = '"Inter", system-ui, sans-serif';

const firstAtOrAfter = (points, t) => {
  let low = 0, high = points.length;
  while (low < high) { const mid = (low + high) >> 1; if (points[mid][0] < t) low = mid + 1; else high = mid; }
  return low;
};

/** Points of a window gathered to one column a pixel: lowest, highest, last.  Gaps longer than `breakMs` part the line. */
export function columns(points, from, to, perPixelMs, breakMs) {
  const runs = [];
  let run = null, column = null, before = -Infinity;
  const start = Math.max(0, firstAtOrAfter(points, from) - 1);
  for (let i = start; i < points.length && points[i][0] <= to; i += 1) {
    const [t, low, high, value] = points[i];
    if (value === null || value === undefined) continue;
    if (t - before > breakMs) { run = []; runs.push(run); column = null; }
    before = t;
    const slot = Math.floor((t - from) / perPixelMs);
    if (column && column.slot === slot) {
      column.low = Math.min(column.low, low ?? value); column.high = Math.max(column.high, high ?? value); column.value = value; column.t = t;
    } else { column = { slot, t, low: low ?? value, high: high ?? value, value }; run.push(column); }
  }
  return runs;
}

function niceTicks(low, high, most) {
  const raw = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = [1, 2, 2.5, 5, 10].map((m) => m * power).find((s) => s >= raw) || 10 * power;
  const ticks = [];
  for (let v = Math.ceil(low / step) * step; v <= high + 1e-9; v += step) ticks.push(Number(v.toFixed(6)));
  return ticks;
}

export class Trends {
  constructor({ canvas, box, table, title }) {
    Object.assign(this, { canvas, box, table, title });
    this.minutes = 40;
    this.context = canvas.getContext("2d");
    this.ranges = new Map();
    this.state = null;
    this.tableOpen = false;
    new ResizeObserver(() => this.draw()).observe(box);
    addEventListener("stillhaven:theme", () => { this.colours = null; this.draw(); });
    document.fonts?.ready.then(() => this.draw());
  }

  setWindow(minutes) { this.minutes = minutes; this.ranges.clear(); this.draw(); this.renderTable(); }
  setState(state) { this.state = state; }

  colour(name) {
    this.colours = this.colours || getComputedStyle(document.documentElement);
    return this.colours.getPropertyValue(name).trim();
  }

  /** Which strips, in the order of the tiles. */
  strips() {
    const { tiles = [], points = {}, pk } = this.state;
    const strips = tiles
      .filter((tile) => !(tile.signal === "pulse_rate_per_min" && points.heart_rate_per_min?.length))
      .filter((tile) => tile.signal !== "temperature_c")
      .map((tile) => ({ tile, signal: tile.signal, weight: tile.signal === "pressure" ? 1.25 : 1, colour: SIGNAL_COLOUR[tile.signal] || "--other" }));
    if (pk?.t_ms?.length) strips.push({ pk, signal: "pk", weight: 1, colour: "--pk" });
    return strips;
  }

  times() {
    const end = now();
    const { points = {}, drug, pk } = this.state;
    let span = this.minutes * 60000;
    if (!this.minutes) {
      const first = Math.min(...Object.values(points).filter((p) => p.length).map((p) => p[0][0]), drug?.started_at ? Date.parse(drug.started_at) : Infinity);
      span = Number.isFinite(first) ? Math.max(end - first, 600000) : 3600000;
    }
    const ahead = pk?.t_ms?.length ? Math.min(span * 0.16, Math.max(0, pk.t_ms[pk.t_ms.length - 1] - end)) : 0;
    return { from: end - span, end, to: end + Math.max(ahead, span * 0.03) };
  }

  draw() {
    if (!this.state || !this.box.clientWidth) return;
    const width = this.box.clientWidth, height = this.box.clientHeight, scale = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const g = this.context;
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, width, height);
    const { from, end, to } = this.times();
    const right = width - 6;
    const x = (t) => LEFT + ((t - from) / (to - from)) * (right - LEFT);
    const events = this.placeEvents(x, right, from, end, height);
    const lanes = Math.max(1, events.lanes);
    const bottom = height - AXIS - lanes * LANE;
    const strips = this.strips();
    const total = strips.reduce((sum, s) => sum + s.weight, 0) || 1;
    const view = { g, x, from, end, to, right, perPixel: (to - from) / (right - LEFT) };
    let y = TOP;
    for (const strip of strips) {
      const h = ((bottom - TOP) * strip.weight) / total;
      this.strip(strip, view, y + 3, y + h - 5);
      g.strokeStyle = this.colour("--line"); g.lineWidth = 1; g.setLineDash([]);
      g.beginPath(); g.moveTo(LEFT, Math.round(y + h) - 0.5); g.lineTo(right, Math.round(y + h) - 0.5); g.stroke();
      y += h;
    }
    this.axis(view, bottom, height, events, lanes);
    if (!strips.length) { g.fillStyle = this.colour("--muted"); g.font = `16px ${FONT}`; g.fillText(say("trends.empty"), LEFT, 40); }
  }

  range(strip, view) {
    let low = Infinity, high = -Infinity;
    const take = (v) => { if (v !== null && v !== undefined && Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); } };
    const { points = {} } = this.state;
    if (strip.pk) { strip.pk.high.forEach(take); take(0); }
    else {
      for (const signal of strip.signal === "pressure" ? ["systolic_mmhg", "diastolic_mmhg"] : [strip.signal]) {
        const list = points[signal] || [];
        for (let i = firstAtOrAfter(list, view.from); i < list.length; i += 1) { take(list[i][1] ?? list[i][3]); take(list[i][2] ?? list[i][3]); }
      }
      take(strip.tile.limit_low); take(strip.tile.limit_high);
      const base = strip.tile.baseline; if (Array.isArray(base)) base.slice(0, 2).forEach(take); else take(base);
    }
    if (!Number.isFinite(low)) return null;
    const least = LEAST_SPAN[strip.signal] || (high - low) * 1.2 || 1;
    const middle = (low + high) / 2, half = Math.max((high - low) * 0.58, least / 2);
    let [bottom, top] = [middle - half, middle + half];
    if (strip.pk) { bottom = 0; top = high * 1.12 || 1; }
    if (strip.signal === "spo2_pct" && top > 100.5) { bottom -= top - 100.5; top = 100.5; }
    if (bottom < 0) bottom = 0;
    const kept = this.ranges.get(strip.signal);  // a scale grows at once and never shrinks by itself: nothing jumps
    if (kept) { bottom = Math.min(bottom, kept[0]); top = Math.max(top, kept[1]); }
    this.ranges.set(strip.signal, [bottom, top]);
    return [bottom, top];
  }

  strip(strip, view, top, bottom) {
    const { g, right } = view;
    const colour = this.colour(strip.colour);
    const range = this.range(strip, view);
    const y = range ? (v) => bottom - ((v - range[0]) / (range[1] - range[0])) * (bottom - top) : () => bottom;
    g.save();
    g.font = `13px ${FONT}`; g.textBaseline = "middle";
    if (range) {
      g.fillStyle = this.colour("--muted"); g.textAlign = "right";
      const ticks = niceTicks(range[0], range[1], bottom - top > 90 ? 3 : 2);
      for (const tick of ticks) {
        const ty = y(tick);
        if (ty < top + 5 || ty > bottom - 3) continue;
        g.fillText(String(tick), LEFT - 6, ty);
        g.strokeStyle = this.colour("--line"); g.lineWidth = 1; g.globalAlpha = 0.6;
        g.beginPath(); g.moveTo(LEFT, Math.round(ty) + 0.5); g.lineTo(right, Math.round(ty) + 0.5); g.stroke(); g.globalAlpha = 1;
      }
    }
    g.textAlign = "left";
    g.beginPath(); g.rect(LEFT, top - 3, right - LEFT, bottom - top + 6); g.clip();
    if (range && strip.tile) for (const limit of [strip.tile.limit_low, strip.tile.limit_high]) this.limit(view, limit, y, strip.tile, top, bottom);
    if (strip.pk) this.model(strip.pk, view, y, colour);
    else if (strip.signal === "pressure") this.cuff(view, y, colour);
    else this.line(strip, view, y, colour, top, bottom);
    if (strip.tile) this.gaps(strip.signal, view, top, bottom);
    const label = strip.pk ? strip.pk.label : `${strip.tile.label} ${strip.tile.unit}`;
    g.font = `650 13px ${FONT}`;
    const w = g.measureText(label).width;
    g.fillStyle = this.colour("--surface"); g.globalAlpha = 0.82; g.fillRect(LEFT + 2, top - 3, w + 10, 19); g.globalAlpha = 1;
    g.fillStyle = colour; g.fillText(label, LEFT + 6, top + 7);
    if (!range) { g.font = `13px ${FONT}`; g.fillStyle = this.colour("--muted"); g.fillText(say("trends.novalues"), LEFT + w + 20, top + 7); }
    g.restore();
  }

  limit({ g, right }, limit, y, tile, top, bottom) {
    if (limit === null || limit === undefined) return;
    const ly = Math.round(y(limit)) + 0.5;
    if (ly < top || ly > bottom) return;
    g.strokeStyle = this.colour("--edge"); g.lineWidth = 1.5; g.setLineDash([7, 5]);
    g.beginPath(); g.moveTo(LEFT, ly); g.lineTo(right, ly); g.stroke(); g.setLineDash([]);
    const text = say("trends.limit", { value: figure(limit, tile.decimals) });
    g.font = `12px ${FONT}`; g.textAlign = "right";
    const w = g.measureText(text).width, above = ly - 8 > top + 4 ? ly - 9 : ly + 9;
    g.fillStyle = this.colour("--surface"); g.globalAlpha = 0.8; g.fillRect(right - w - 6, above - 8, w + 6, 16); g.globalAlpha = 1;
    g.fillStyle = this.colour("--muted"); g.fillText(text, right - 3, above); g.textAlign = "left";
  }

  line(strip, view, y, colour, top, bottom) {
    const { g, x, from, end, perPixel } = view;
    const points = this.state.points?.[strip.signal] || [];
    if (!points.length) return;
    const start = firstAtOrAfter(points, from);
    const steps = [];
    for (let i = Math.max(start, points.length - 40) + 1; i < points.length; i += 1) steps.push(points[i][0] - points[i - 1][0]);
    steps.sort((a, b) => a - b);
    const typical = steps.length ? steps[steps.length >> 1] : 1000;
    const breakMs = (strip.tile.stale_after_s || 10) * 1000 + typical;
    const runs = columns(points, from, end, perPixel, breakMs);
    for (const run of runs) {
      g.fillStyle = colour; g.globalAlpha = 0.2; g.beginPath();
      run.forEach((c, i) => { const px = x(c.t), py = Math.min(y(c.high), y(c.value) - 1); if (i) g.lineTo(px, py); else g.moveTo(px, py); });
      for (let i = run.length - 1; i >= 0; i -= 1) g.lineTo(x(run[i].t), Math.max(y(run[i].low), y(run[i].value) + 1));
      g.closePath(); g.fill(); g.globalAlpha = 1;
      g.strokeStyle = colour; g.lineWidth = 2; g.lineJoin = "round"; g.setLineDash([]); g.beginPath();
      run.forEach((c, i) => { const px = x(c.t), py = y(c.value); if (i) g.lineTo(px, py); else g.moveTo(px, py); });
      if (run.length === 1) { g.arc(x(run[0].t), y(run[0].value), 1.5, 0, 7); }
      g.stroke();
    }
    const known = (this.state.gaps || []).filter((gap) => gap.signal === strip.signal);
    for (let i = 1; i < runs.length; i += 1) {  // a hole that nobody explained is a hole all the same
      const a = runs[i - 1][runs[i - 1].length - 1].t, b = runs[i][0].t;
      if (!known.some((gap) => gap.start_ms < b && (gap.end_ms ?? Infinity) > a)) this.gap(view, a, b, say("trends.nodata"), top, bottom);
    }
    const last = points[points.length - 1];
    if (end - last[0] <= breakMs) { g.fillStyle = colour; g.beginPath(); g.arc(x(last[0]), y(last[3]), 4, 0, 7); g.fill(); }
    else if (!known.some((gap) => (gap.end_ms ?? Infinity) >= end - breakMs)) this.gap(view, last[0], end, say("trends.nodata"), top, bottom);
  }

  cuff({ g, x, from, to }, y, colour) {
    const upper = this.state.points?.systolic_mmhg || [];
    const lower = new Map((this.state.points?.diastolic_mmhg || []).map((p) => [p[0], p]));
    const means = new Map((this.state.points?.mean_pressure_mmhg || []).map((p) => [p[0], p]));
    g.strokeStyle = colour; g.fillStyle = colour; g.setLineDash([]);
    for (let i = firstAtOrAfter(upper, from); i < upper.length && upper[i][0] <= to; i += 1) {
      const [t, low, high, sys] = upper[i], px = x(t), pair = lower.get(t);
      const topY = y(high ?? sys), bottomY = pair ? y(pair[1] ?? pair[3]) : y(low ?? sys);
      g.lineWidth = 3.5; g.lineCap = "round"; g.beginPath(); g.moveTo(px, topY); g.lineTo(px, bottomY); g.stroke();
      g.lineWidth = 2.5; g.beginPath(); g.moveTo(px - 5, topY); g.lineTo(px + 5, topY); g.moveTo(px - 5, bottomY); g.lineTo(px + 5, bottomY); g.stroke();
      const mean = means.get(t);
      if (mean) { g.beginPath(); g.arc(px, y(mean[3]), 3.5, 0, 7); g.fill(); }
    }
    g.lineCap = "butt";
  }

  model(pk, view, y, colour) {
    const { g, x, from, end, to } = view;
    const t = pk.t_ms, inside = t.map((ms, i) => i).filter((i) => t[i] >= from - 300000 && t[i] <= to + 300000);
    if (!inside.length) return;
    g.fillStyle = colour; g.globalAlpha = 0.22; g.beginPath();
    inside.forEach((i, n) => (n ? g.lineTo(x(t[i]), y(pk.high[i])) : g.moveTo(x(t[i]), y(pk.high[i]))));
    [...inside].reverse().forEach((i) => g.lineTo(x(t[i]), y(pk.low[i])));
    g.closePath(); g.fill(); g.globalAlpha = 1;
    g.strokeStyle = colour; g.lineWidth = 2;
    for (const [dash, keep] of [[[], (i) => t[i] <= end], [[6, 5], (i) => t[i] >= end]]) {
      g.setLineDash(dash); g.beginPath();
      let pen = false;
      for (const i of inside) {
        const here = keep(i) || (dash.length && t[i + 1] >= end) || (!dash.length && t[i - 1] <= end && t[i] <= end);
        if (!here) { pen = false; continue; }
        if (pen) g.lineTo(x(t[i]), y(pk.mid[i])); else { g.moveTo(x(t[i]), y(pk.mid[i])); pen = true; }
      }
      g.stroke();
    }
    g.setLineDash([]);
  }

  gaps(signal, view, top, bottom) {
    const mine = (gap) => gap.signal === signal || (signal === "pressure" && gap.signal === "systolic_mmhg");
    for (const gap of (this.state.gaps || []).filter(mine)) this.gap(view, gap.start_ms, gap.end_ms ?? view.end, gap.reason, top, bottom);
  }

  gap({ g, x, from, end }, start, stop, reason, top, bottom) {
    if (stop < from || start > end) return;
    const a = Math.max(LEFT, x(start)), b = x(Math.min(stop, end));
    if (b - a < 1.5) return;
    g.fillStyle = this.colour("--surface"); g.globalAlpha = 0.75; g.fillRect(a, top, b - a, bottom - top); g.globalAlpha = 1;
    g.strokeStyle = this.colour("--muted"); g.lineWidth = 1.25; g.setLineDash([4, 4]);
    g.strokeRect(Math.round(a) + 0.5, Math.round(top) + 1.5, Math.max(2, Math.round(b - a)), Math.round(bottom - top) - 3);
    g.setLineDash([]);
    g.font = `12px ${FONT}`; g.fillStyle = this.colour("--ink");
    const w = g.measureText(reason).width;
    const tx = Math.max(LEFT + 4, Math.min(a + 5, x(end) - w - 4));
    if (w > b - a - 8) { g.fillStyle = this.colour("--surface"); g.globalAlpha = 0.85; g.fillRect(tx - 3, bottom - 18, w + 6, 16); g.globalAlpha = 1; g.fillStyle = this.colour("--ink"); }
    g.fillText(reason, tx, bottom - 9);
  }

  /** Events side by side in lanes under the strips; what finds no room keeps its sign, and its words in the table. */
  placeEvents(x, right, from, end, height) {
    const g = this.context;
    g.font = `13px ${FONT}`;
    const ends = new Array(height < 340 ? 1 : height < 440 ? 2 : 3).fill(LEFT - 10);
    const placed = [];
    for (const event of (this.state.events || []).filter((e) => e.at_ms >= from && e.at_ms <= end)) {
      const px = x(event.at_ms), w = g.measureText(event.label).width;
      const flip = px + 12 + w > right;
      const left = flip ? px - 12 - w : px - 7;
      const lane = ends.findIndex((e) => left > e + 6);
      if (lane >= 0) ends[lane] = flip ? px + 8 : px + 12 + w;
      placed.push({ event, px, lane, flip, w });
    }
    return { placed, lanes: Math.max(0, ...placed.map((p) => p.lane)) + 1 };
  }

  axis({ g, x, from, end, to, right }, bottom, height, { placed }, lanes) {
    g.setLineDash([]); g.textBaseline = "middle"; g.font = `13px ${FONT}`;
    const muted = this.colour("--muted"), ink = this.colour("--ink"), accent = this.colour("--accent");
    const nowX = Math.round(x(end)) + 0.5;
    g.strokeStyle = ink; g.globalAlpha = 0.55; g.lineWidth = 1; g.beginPath(); g.moveTo(nowX, TOP); g.lineTo(nowX, height - AXIS); g.stroke(); g.globalAlpha = 1;
    for (const { event, px, lane, flip, w } of placed) {
      const label = lane >= 0, ey = label ? bottom + 10 + lane * LANE : bottom - 1;  // no room: its sign stands on the axis
      if (event.kind === "dose" || event.kind === "move") {
        g.strokeStyle = accent; g.lineWidth = 1.5; g.setLineDash([3, 4]); g.beginPath(); g.moveTo(px, TOP); g.lineTo(px, ey - 5); g.stroke(); g.setLineDash([]);
      }
      g.fillStyle = event.kind === "dose" || event.kind === "move" ? accent : ink;
      this.sign(g, event.kind, px, ey);
      if (label) { g.fillStyle = ink; g.fillText(event.label, flip ? px - 9 - w : px + 9, ey + 0.5); }
    }
    const tickY = bottom + lanes * LANE + AXIS / 2 + 2;
    const minutes = (to - from) / 60000;
    const step = [1, 2, 5, 10, 15, 30, 60, 120, 240].find((s) => minutes / s <= (right - LEFT) / 88) || 480;
    const zone = new Date(end).getTimezoneOffset() * 60000;
    g.fillStyle = muted; g.textAlign = "center";
    const nowLabel = say("trends.now"), nowW = g.measureText(nowLabel).width;
    for (let t = Math.ceil((from - zone) / (step * 60000)) * step * 60000 + zone; t <= to; t += step * 60000) {
      const px = x(t);
      g.strokeStyle = this.colour("--line"); g.beginPath(); g.moveTo(px, bottom + lanes * LANE); g.lineTo(px, bottom + lanes * LANE + 4); g.stroke();
      if (px > LEFT + 8 && px < right - 16 && Math.abs(px - nowX) > nowW / 2 + 26) g.fillText(hhmm(t), px, tickY);
    }
    g.fillStyle = ink; g.font = `650 13px ${FONT}`;
    g.fillText(nowLabel, Math.min(nowX, right - nowW / 2), tickY);
    g.textAlign = "left";
  }

  sign(g, kind, px, py) {
    g.beginPath();
    if (kind === "adverse_event") { g.moveTo(px, py - 6); g.lineTo(px + 6, py); g.lineTo(px, py + 6); g.lineTo(px - 6, py); }
    else if (kind === "rescue") { g.rect(px - 2, py - 6, 4, 12); g.rect(px - 6, py - 2, 12, 4); }
    else if (kind === "dose" || kind === "move") { g.moveTo(px - 4, py - 6); g.lineTo(px + 6, py); g.lineTo(px - 4, py + 6); }
    else if (kind === "request") g.rect(px - 5, py - 5, 10, 10);
    else g.arc(px, py, 4.5, 0, 7);
    g.closePath(); g.fill();
  }

  describe() {
    const { tiles = [] } = this.state || {};
    return `${say("trends.aria")}: ${tiles.map((t) => `${t.label} ${figure(t.value, t.decimals)} ${t.unit}`).join(", ")}`;
  }

  /** The same figures in a table: one row a stretch of time, newest first. */
  renderTable() {
    if (!this.tableOpen || !this.state) return;
    const { from, end } = this.times();
    const { tiles = [], points = {}, gaps = [], events = [], pk } = this.state;
    const estimate = (t) => {  // typical, with its band: the moment worked out that is nearest
      const i = pk.t_ms.findIndex((ms) => ms >= t), at = i < 0 ? pk.t_ms.length - 1 : i;
      return t < pk.t_ms[0] || i < 0 ? "—" : `${Math.round(pk.mid[at])} (${Math.round(pk.low[at])}–${Math.round(pk.high[at])})`;
    };
    const step = [1, 2, 5, 10, 15, 30, 60].find((m) => (end - from) / 60000 / m <= 24) * 60000 || 3600000;
    const rows = [];
    for (let b = Math.ceil(end / step) * step; b > from; b -= step) {
      const a = b - step;
      const within = (signal) => { const list = points[signal] || []; return list.slice(firstAtOrAfter(list, a), firstAtOrAfter(list, b)); };
      const cells = tiles.map((tile) => {
        if (tile.signal === "pressure") {
          const sys = within("systolic_mmhg"), dia = within("diastolic_mmhg");
          return sys.length ? sys.map((p, i) => `${figure(p[3])}/${figure(dia[i]?.[3])}`).join(", ") : "—";
        }
        const list = within(tile.signal).filter((p) => p[3] !== null);
        const hole = gaps.find((gap) => gap.signal === tile.signal && gap.start_ms < b && (gap.end_ms ?? Infinity) > a)?.reason || "";
        if (!list.length) return hole || "—";
        const low = Math.min(...list.map((p) => p[1] ?? p[3])), high = Math.max(...list.map((p) => p[2] ?? p[3]));
        const last = figure(list[list.length - 1][3], tile.decimals);
        return (low === high ? last : `${last} (${figure(low, tile.decimals)}–${figure(high, tile.decimals)})`) + (hole ? `; ${hole}` : "");
      });
      if (pk?.t_ms?.length) cells.push(estimate(Math.min(b, end)));
      const what = events.filter((e) => e.at_ms >= a && e.at_ms < b).map((e) => `${hhmm(e.at_ms)} ${e.label}`).join("; ");
      rows.push(el("tr", {}, el("th", { scope: "row" }, hhmm(a)), el("td", {}, what), ...cells.map((c) => el("td", {}, c))));
    }
    const head = el("tr", {}, el("th", { scope: "col" }, say("table.from")), el("th", { scope: "col" }, say("table.events")), ...tiles.map((t) => el("th", { scope: "col" }, `${t.label} ${t.unit}`)), ...(pk?.t_ms?.length ? [el("th", { scope: "col" }, pk.label)] : []));
    this.table.replaceChildren(el("table", {}, el("caption", {}, say("table.caption", { m: step / 60000 })), el("thead", {}, head), el("tbody", {}, ...rows)), ...this.aboutEstimate(pk));
  }

  /** Which model, for whom, how sure, with which cautions: it belongs to every number of the estimate. */
  aboutEstimate(pk) {
    if (!pk?.about) return [];
    return [el("section", { class: "trend-about" }, el("h3", {}, say("pk.about")), el("p", {}, pk.about), ...(pk.cautions?.length ? [el("ul", {}, ...pk.cautions.map((text) => el("li", {}, text)))] : []))];
  }
}
