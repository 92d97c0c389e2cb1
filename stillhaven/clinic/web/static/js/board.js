/* Who needs me?  One row a chair for the station, or one card for the wall; asked every second, covered when nothing answers.
   The order follows need, but never jumps: a changed order waits five seconds, then the rows slide to their new places. */
import { ago, hhmmss, learn, learnRoundTrip, now, span } from "./clock.js";
import { config, el, firstState, say, setAttr, setText } from "./page.js";
import { figure, judge } from "./tiles.js";
import { Silence } from "./silence.js";
import { Sound } from "./sound.js";

const RANK = { high: 3, medium: 2, low: 1 };
const SIGNS = { high: "▲▲▲", medium: "▲▲", low: "▲" };
const SETTLE_MS = 5000;
const place = document.getElementById("chairs");
const wall = place.dataset.view === "wall";
const still = matchMedia("(prefers-reduced-motion: reduce)");
let state = firstState || { chairs: [] };
let silent = "";
let wanted = "", wantedSince = 0, shown = "";
const nodes = new Map();

const waiting = (alarm) => Boolean(alarm) && alarm.state !== "acknowledged";
/** Need: an unanswered alarm before all else, by priority; then an overdue check; then the server's own figure. */
export const need = (chair) => (waiting(chair.alarm) ? RANK[chair.alarm.priority] * 1000 : chair.alarm ? RANK[chair.alarm.priority] * 50 : 0)
  + (chair.due?.state === "overdue" ? 300 : chair.due?.state === "now" ? 100 : 0) + (chair.need || 0);
export const ordered = (chairs) => [...chairs].sort((a, b) => need(b) - need(a) || String(a.chair).localeCompare(String(b.chair), undefined, { numeric: true }));

const sound = new Sound(() => {
  const chip = document.getElementById("board-sound");
  setText(chip, sound.enabled ? say("sound.on") : say("sound.off"));
  setAttr(chip, "data-state", sound.enabled ? "ok" : "warn");
});

function build(chair) {
  const part = (name, tag = "div") => el(tag, { class: `row-${name}`, "data-part": name });
  const vitals = part("vitals");
  const node = el("a", { class: "board-row", href: chair.url, "data-uid": chair.uid }, el("div", { class: "row-who" }, part("chair", "b"), part("person", "span"), part("marks", "span")), part("phase"), vitals, part("alarm"), part("due"), part("nurse"));
  nodes.set(chair.uid, node);
  return node;
}

function fill(node, chair) {
  const part = (name) => node.querySelector(`[data-part="${name}"]`);
  setText(part("chair"), chair.chair);
  setText(part("person"), wall ? chair.person_short || "" : chair.person || say("unknown"));
  setText(part("marks"), [chair.drill ? say("mark.drill") : "", chair.simulated ? say("mark.simulated") : ""].filter(Boolean).join(" "));
  setAttr(part("marks"), "class", `row-marks ${chair.drill ? "mark mark-drill mark-small" : chair.simulated ? "mark mark-simulated mark-small" : ""}`);
  setAttr(part("marks"), "hidden", !chair.drill && !chair.simulated);
  const left = chair.ends_at ? Date.parse(chair.ends_at) - now() : null;
  setText(part("phase"), [chair.phase_label, left === null ? "" : left >= 0 ? say("drug.left", { span: span(left) }) : say("drug.over", { span: span(-left) })].filter(Boolean).join(" · "));
  const vitals = part("vitals");
  const tiles = chair.tiles || [];
  if (vitals.children.length !== tiles.length) vitals.replaceChildren(...tiles.map((t) => el("span", { class: "row-vital", "data-signal": t.signal }, el("i", {}), el("b", {}), el("small", {}))));
  tiles.forEach((tile, i) => {
    const cell = vitals.children[i], { look, why, age } = judge(tile, Boolean(silent));
    const live = look === "live" || look === "questionable";
    setAttr(cell, "data-look", look);
    setText(cell.children[0], tile.label);
    setText(cell.children[1], live ? figure(tile.value, tile.decimals) : "—");
    setText(cell.children[2], live ? `${tile.unit} · ${span(age)}` : why);
  });
  const alarm = part("alarm");
  if (chair.alarm) {
    const { priority, title, state: turn, raised_at: raised } = chair.alarm;
    setAttr(alarm, "data-priority", priority); setAttr(alarm, "data-state", turn); setAttr(alarm, "data-technical", chair.alarm.technical ? "true" : null);
    setText(alarm, `${SIGNS[priority]} ${title} · ${ago(now() - Date.parse(raised))}${waiting(chair.alarm) ? "" : ` · ${say("alarm.acked", { by: chair.alarm.ack_by || "" })}`}${chair.alarms_open > 1 ? ` · ${say("board.more", { n: chair.alarms_open - 1 })}` : ""}`);
  } else { for (const name of ["data-priority", "data-state", "data-technical"]) setAttr(alarm, name, null); setText(alarm, silent ? say("alarm.unknown") : say("board.noalarm")); }
  const due = chair.due, dueLeft = due ? Date.parse(due.at) - now() : 0;
  setAttr(part("due"), "data-state", due?.state || null);
  setText(part("due"), due ? `${due.label} · ${due.state === "overdue" ? say("due.overdue", { span: span(-dueLeft) }) : due.state === "now" ? say("due.now") : say("due.in", { span: span(dueLeft) })}` : say("board.nodue"));
  setText(part("nurse"), chair.nurse || say("board.nonurse"));
}

function render() {
  const chairs = state.chairs || [];
  const alive = new Set(chairs.map((c) => c.uid));
  for (const [uid, node] of nodes) if (!alive.has(uid)) { node.remove(); nodes.delete(uid); }
  for (const chair of chairs) fill(nodes.get(chair.uid) || place.appendChild(build(chair)), chair);
  document.getElementById("board-empty").hidden = chairs.length > 0;
  const order = ordered(chairs).map((c) => c.uid).join();
  if (order !== wanted) { wanted = order; wantedSince = performance.now(); }
  if (shown !== wanted && (!shown || performance.now() - wantedSince >= SETTLE_MS)) arrange();
  setText(document.getElementById("board-clock"), hhmmss(now()));
  const worst = chairs.filter((c) => waiting(c.alarm)).reduce((w, c) => (RANK[c.alarm.priority] > (RANK[w] || 0) ? c.alarm.priority : w), "");
  sound.play(silent ? "silence" : worst);
}

function arrange() {
  const first = shown === "";
  const before = new Map([...nodes].map(([uid, node]) => [uid, node.getBoundingClientRect()]));
  shown = wanted;
  for (const uid of wanted.split(",").filter(Boolean)) place.append(nodes.get(uid));
  if (first || still.matches) return;
  for (const [uid, node] of nodes) {
    const was = before.get(uid), is = node.getBoundingClientRect();
    if (was && (was.top !== is.top || was.left !== is.left)) node.animate([{ transform: `translate(${was.left - is.left}px, ${was.top - is.top}px)` }, { transform: "none" }], { duration: 400, easing: "ease-in-out" });
  }
}

const silence = new Silence({
  cover: document.getElementById("silence"), deadman: document.getElementById("deadman"),
  afterMs: (config.silence_after_s || 5) * 1000, watchAfterMs: (config.watch_after_s || 5) * 1000, onQuiet: null,
  onChange: (reason) => { silent = reason; render(); },
});

let asking = false;
async function ask() {
  if (asking) return;
  asking = true;
  const abort = new AbortController(), limit = setTimeout(() => abort.abort(), 4000), sent = Date.now();
  try {
    const answer = await fetch(config.urls.state, { headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store", signal: abort.signal });
    if (answer.ok) { const fresh = await answer.json(); state = fresh; if (!learnRoundTrip(fresh.now, sent, Date.now())) learn(fresh.now); silence.news(fresh.watch_beat ?? null); }
  } catch { /* the cover says it */ } finally { clearTimeout(limit); asking = false; render(); }
}

if (state.now) { learn(state.now); silence.news(state.watch_beat ?? null); }
document.getElementById("board-sound").addEventListener("click", () => sound.enable());
sound.enable({ gesture: false });
render();
setInterval(ask, 1000);
for (const name of ["online", "pageshow", "focus"]) addEventListener(name, ask);
document.documentElement.dataset.ready = "true";
