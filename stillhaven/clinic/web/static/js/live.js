/* Is this person safe, and what is due?  Wires the chair's page: the stream feeds one state, each part draws itself from it,
   every entry goes through the outbox.  The rules live at the server; this page shows, asks, keeps and sends. */
import { day, hhmmss, iso, now, span } from "./clock.js";
import { config, csrf, el, firstState, keepCsrf, newUid, say, setAttr, setText, typing } from "./page.js";
import { Alarms } from "./alarms.js";
import { DrugPanel, renderCoverage, renderDue } from "./drugpanel.js";
import { drafts, Outbox } from "./outbox.js";
import { figure, Tiles } from "./tiles.js";
import { keypad } from "./stepper.js";
import { QuickPad } from "./quickpad.js";
import { Sheet } from "./sheet.js";
import { Shortcuts } from "./shortcuts.js";
import { Silence } from "./silence.js";
import { Sound } from "./sound.js";
import { Stream } from "./stream.js";
import { Trends } from "./trends.js";

const $ = (id) => document.getElementById(id);
const NIL = "00000000-0000-0000-0000-000000000000";

/* Opened from the shell while the server is away, the page takes its session from its own address. */
const uidHere = location.pathname.match(/[0-9a-f]{8}-[0-9a-f-]{27}/i)?.[0] || NIL;
for (const [name, url] of Object.entries(config.urls || {})) config.urls[name] = url.replaceAll(NIL, uidHere);
const base = location.pathname.replace(/live\/?$/, "");
const urls = config.urls = { state: `${base}live/state`, stream: `${base}live/stream`, ...config.urls };

let state = firstState;
/** What the page knows now (for tests and for a look from the console). */
export const current = () => state;
let silent = "";
let link = "";
let box = { waiting: [], refused: [], blocked: "" };
let lockedShown = null;

const remember = {
  get user() { try { return sessionStorage.getItem("stillhaven-user") || ""; } catch { return ""; } },
  set user(value) { try { sessionStorage.setItem("stillhaven-user", value); } catch { /* asked again after a reload */ } },
};
const user = () => state?.session?.user || remember.user;
const personLabel = () => [state?.session?.chair, state?.patient?.name].filter(Boolean).join(" · ");

const sheet = new Sheet($("sheet-place"));
const tiles = new Tiles($("vitals"), $("tile-template"));
const trends = new Trends({ canvas: $("trend-canvas"), box: $("trend-box"), table: $("trend-table"), title: $("trend-title") });
const sound = new Sound(() => renderSound());

// ---- entries
function toast(text, buttons = []) {
  const node = el("div", { class: "toast", role: "status" }, el("span", {}, text));
  for (const { label, act } of buttons) node.append(el("button", { type: "button", onclick: () => { node.remove(); act(); } }, label));
  $("toasts").replaceChildren(node);
  setTimeout(() => node.remove(), buttons.length ? 9000 : 5000);
}

async function keep(entry) {
  if (state?.session?.locked) { openUnlock(); return null; }
  try { return await outbox.add({ person: personLabel(), ...entry }); } catch {
    toast(say("outbox.broken"));
    return null;
  }
}

const outbox = new Outbox({
  user,
  onChange: (next) => { box = next; drug.waiting = next.waiting; renderRibbon(); if (state) drug.render(); },
  onSent: () => { renderRibbon(); stream.poll(); },
  onRefused: (entry) => {
    if (entry.kind === "ack") alarms.untake(entry.body.alarm);
    toast(say("refused.toast", { label: entry.label }), [{ label: say("refused.look"), act: openEntries }]);
  },
});

const alarms = new Alarms({
  slotsPlace: $("alarm-slots"), listButton: $("alarm-list"), pauseButton: $("audio-pause"), polite: $("say-polite"), assertive: $("say-assertive"), template: $("alarm-template"), audible: () => sound.enabled,
  onAck: (uid, at) => {
    if (state.session.locked) { openUnlock(); return false; }
    const alarm = (state.alarms || []).find((a) => a.uid === uid);
    keep({ kind: "ack", url: urls.ack, body: { alarm: uid }, label: say("ack.label", { title: alarm?.title || "" }), happenedAt: at }).then((entry) => { if (!entry) alarms.untake(uid); paint(); });
    paint();
    return true;
  },
  onPause: pauseAudio,
  onList: () => sheet.open({ name: "alarms", title: say("alarm.sheet"), body: [el("div", { class: "choice-list" }, ...alarms.list(state))] }),
});
const drug = new DrugPanel({ place: $("drug"), sheet, keep, toast, state: () => state, silent: () => Boolean(silent) });
const pad = new QuickPad({ place: $("quick"), sheet, keep, toast, state: () => state });

// ---- silence and sound
const silence = new Silence({
  cover: $("silence"), deadman: $("deadman"), afterMs: (config.silence_after_s || 5) * 1000, watchAfterMs: (config.watch_after_s || 5) * 1000,
  quietS: config.quiet_s || 120,
  onQuiet: () => { alarms.quiet(config.quiet_s || 120); paint(); },
  onChange: (reason) => {
    silent = reason;
    setAttr(document.body, "data-silent", reason ? "true" : null);
    if (reason) $("say-assertive").append(el("p", {}, say("silence.look")));
    paint();
  },
});

/* A pause is for now alone: it is never queued, because a pause that arrives ten minutes late would hide another alarm. */
async function pauseAudio() {
  if (!sound.enabled) { sound.enable(); return; }
  if (silent || !urls.audio_pause) { alarms.quiet(config.quiet_s || 120); paint(); return; }
  if (state.session.locked) { openUnlock(); return; }
  try {
    const answer = await fetch(urls.audio_pause, { method: "POST", redirect: "manual", headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), Accept: "application/json" }, body: JSON.stringify({ uid: newUid(), happened_at: iso() }) });
    if (!answer.ok) throw new Error(String(answer.status));
    stream.poll();
  } catch { toast(say("sound.pause_failed")); }
}

function renderSound() { if (state) alarms.tickPause(state); }

// ---- the top row
function renderTop() {
  const { patient = {}, session = {}, parts = {} } = state;
  const preferred = patient.preferred_name && patient.preferred_name !== patient.name ? ` “${patient.preferred_name}”` : "";
  setText($("who-name"), patient.name ? patient.name + preferred : say("who.unknown"));
  const today = patient.weighed_on && day(patient.weighed_on) === day(now());
  const weight = patient.weight_kg ? say(today ? "who.weight_today" : "who.weight_on", { kg: Number(patient.weight_kg).toFixed(1), on: patient.weighed_on ? day(patient.weighed_on) : say("who.date_unknown") }) : say("who.no_weight");
  setAttr($("who"), "data-long", $("who-name").textContent.length > 34);
  setText($("who-facts"), [patient.pronouns, patient.age_y !== null && patient.age_y !== undefined ? say("who.age", { y: patient.age_y }) : "", weight, session.chair].filter(Boolean).join(" · "));
  const allergies = patient.allergies;
  setText($("allergy"), allergies === null || allergies === undefined ? say("allergy.unknown") : allergies.length ? say("allergy.some", { list: allergies.join(", ") }) : say("allergy.none"));
  setAttr($("allergy"), "data-look", allergies === null || allergies === undefined ? "unknown" : allergies.length ? "some" : "none");
  setAttr(document.body, "data-drill", session.drill ? "true" : null);
  setAttr(document.body, "data-simulated", session.simulated ? "true" : null);
  setAttr($("mark-drill"), "hidden", !session.drill);
  setAttr($("mark-simulated"), "hidden", !session.simulated);
  setAttr($("watermark"), "hidden", !session.drill && !session.simulated);
  setText($("watermark"), session.drill ? say("mark.drill") : say("mark.simulated"));
  const monitor = parts.monitor || {};
  const age = monitor.last ? now() - Date.parse(monitor.last) : null;
  const fresh = age !== null && age < (config.silence_after_s || 5) * 2000 && !silent;
  setText($("chip-monitor"), !monitor.attached ? say("chip.nomonitor") : age === null ? say("chip.monitor_never") : say("chip.monitor", { span: span(age) }));
  setAttr($("chip-monitor"), "data-state", monitor.attached && fresh ? "ok" : "warn");
  setAttr($("chip-monitor"), "title", monitor.device || "");
  const beat = silence.watchSilentMs();
  setText($("chip-watch"), Number.isFinite(beat) ? (beat > 2500 ? say("chip.watch_age", { span: span(beat) }) : say("chip.watch")) : say("chip.watch_never"));
  setAttr($("chip-watch"), "data-state", Number.isFinite(beat) && beat <= (config.watch_after_s || 5) * 1000 && !silent ? "ok" : "warn");
  setText($("chip-link"), say(`link.${silent === "server" && link !== "signed-out" ? "lost" : link || "opening"}`));
  setAttr($("chip-link"), "data-state", link === "live" && silent !== "server" ? "ok" : "warn");
  setText($("clock"), hhmmss(now()));
  document.title = [personLabel() || "Stillhaven", say("title")].filter(Boolean).join(" · ");
}

function openPerson() {
  const { patient = {} } = state;
  const row = (name, value) => [el("dt", {}, name), el("dd", {}, value || say("unknown"))];
  sheet.open({
    name: "person", title: patient.name || say("who.unknown"),
    body: [
      el("h3", {}, say("comfort.title")), el("p", { class: "comfort" }, patient.comfort_card || say("comfort.none")),
      el("dl", { class: "keys" }, ...row(say("who.preferred"), patient.preferred_name), ...row(say("who.pronouns"), patient.pronouns), ...row(say("who.facts"), $("who-facts").textContent), ...row(say("allergy.title"), $("allergy").textContent)),
      el("h3", {}, say("limits.title")),
      el("ul", {}, ...(state.tiles || []).map((t) => el("li", {}, `${t.label}: ${t.limit_text || tiles.limits(t)} · ${t.baseline === null || t.baseline === undefined ? say("tile.nobaseline") : say("tile.baseline", { value: figure(t.baseline, t.decimals) })}`))),
    ],
  });
}

// ---- outbox ribbon and list
function renderRibbon() {
  const ribbon = $("ribbon");
  const { waiting, refused, blocked } = box;
  let look = "saved", text = say("outbox.saved");
  if (blocked === "broken") { look = "refused"; text = say("outbox.broken"); }
  else if (refused.length) { look = "refused"; text = say("outbox.refused", { n: refused.length }); }
  else if (waiting.length) {
    look = "waiting";
    const why = { "signed-out": say("outbox.signin"), locked: say("outbox.unlock"), "other-user": say("outbox.other", { by: waiting[0].by || say("outbox.nobody") }) }[blocked] || "";
    text = say("outbox.waiting", { n: waiting.length }) + (why ? ` ${why}` : "");
  }
  setAttr(ribbon, "data-look", look);
  setText(ribbon, text);
  setText($("foot-user"), user());
}

function openEntries() {
  const { waiting, refused, blocked } = box;
  const item = (entry) => {
    const findings = entry.answer?.findings || [];
    const why = entry.answer?.why || (findings.length ? "" : entry.answer ? say("refused.code", { status: entry.answer.status }) : "");
    const buttons = entry.state === "refused" ? el("div", { class: "actions" },
      el("button", { type: "button", class: "button-next", onclick: () => pad.correct(entry) }, say("refused.correct")),
      el("button", { type: "button", onclick: () => { outbox.again(entry.seq); sheet.close(); } }, say("refused.again"))) : null;
    return el("li", { "data-state": entry.state }, el("b", {}, entry.label), el("div", { class: "muted" }, `${entry.person} · ${hhmmss(Date.parse(entry.body.happened_at))} · ${entry.by || say("outbox.nobody")}`),
      why ? el("p", {}, `${entry.answer?.field ? `${entry.answer.field}: ` : ""}${why}`) : null,
      findings.length ? el("ul", { class: "findings" }, ...findings.filter((f) => f.verdict !== "met").map((f) => el("li", { class: "finding", "data-look": f.verdict === "unknown" ? "unknown" : "stops" }, el("span", { class: "finding-sign", "aria-hidden": "true" }, f.verdict === "unknown" ? "?" : "!"), el("p", { class: "finding-because" }, f.because), f.to_do ? el("p", { class: "finding-more" }, f.to_do) : null))) : null, buttons);
  };
  const all = [...refused, ...waiting];
  const nameless = waiting.some((e) => !e.by);
  const foot = [];
  if (blocked === "signed-out") foot.push(el("a", { class: "button button-next", href: urls.signin || "/" }, say("outbox.signin_do")));
  if (blocked === "locked") foot.push(el("button", { type: "button", class: "button-next", onclick: openUnlock }, say("locked.unlock")));
  if (nameless && user()) foot.push(el("button", { type: "button", class: "button-next", onclick: () => { outbox.adopt(); sheet.close(); } }, say("outbox.adopt", { by: user() })));
  sheet.open({ name: "entries", title: say("outbox.title"), body: [all.length ? el("ul", { class: "entries" }, ...all.map(item)) : el("div", { class: "empty" }, el("p", {}, say("outbox.empty")))], foot });
}

// ---- lock
function renderLock() {
  const locked = Boolean(state?.session?.locked);
  if (locked === lockedShown) return;
  lockedShown = locked;
  setAttr(document.body, "data-locked", locked ? "true" : null);
  setAttr($("quick"), "hidden", locked);
  setAttr($("locked"), "hidden", !locked);
  if (locked && sheet.isOpen && sheet.place.dataset.open !== "unlock") sheet.close();
}

function openUnlock() {
  let chosen = null, pin = "";
  const dots = el("div", { class: "pin-dots", role: "status", "aria-label": say("unlock.digits", { n: 0 }) }, "");
  const message = el("p", { role: "alert", class: "field-why", hidden: true });
  const show = () => { setText(dots, "●".repeat(pin.length)); setAttr(dots, "aria-label", say("unlock.digits", { n: pin.length })); };
  const complain = (text) => { setText(message, text); message.hidden = false; };
  const list = el("div", { class: "choice-list", role: "group", "aria-label": say("unlock.who") }, ...(config.staff || []).map((person) => el("button", { type: "button", class: "choice", "aria-pressed": "false", onclick: (event) => {
    chosen = person.uid;
    for (const b of list.children) b.setAttribute("aria-pressed", String(b === event.currentTarget));
  } }, el("span", {}, person.name))));
  const pins = keypad((key) => { if (key === "back") pin = pin.slice(0, -1); else if (/\d/.test(key) && pin.length < 12) pin += key; show(); }, { point: false });
  const go = el("button", { type: "button", class: "button-next", onclick: async () => {
    if (!chosen) { complain(say("unlock.choose")); return; }
    try {
      const answer = await fetch(urls.unlock || "/unlock/", { method: "POST", redirect: "manual", headers: { "Content-Type": "application/json", "X-CSRFToken": csrf(), Accept: "application/json" }, body: JSON.stringify({ staff: chosen, pin, session: uidHere }) });
      pin = ""; show();
      const json = await answer.json().catch(() => ({}));
      if (!answer.ok || !json.ok) { complain(json.why || say("unlock.failed")); return; }
      keepCsrf(json.csrf);
      if (json.user) { state.session = { ...state.session, user: json.user, locked: false }; remember.user = json.user; }
      sheet.close();
      outbox.kick();
      await stream.refresh();
    } catch { pin = ""; show(); complain(say("unlock.offline")); }
  } }, say("locked.unlock"));
  const node = sheet.open({ name: "unlock", title: say("unlock.title"), body: [el("div", { class: "unlock" }, list, el("div", {}, dots, pins)), message], foot: [go] });
  node.addEventListener("keydown", (event) => {
    if (/^\d$/.test(event.key) && !typing()) { event.stopPropagation(); pin += event.key; show(); event.preventDefault(); }
    else if (event.key === "Backspace") { pin = pin.slice(0, -1); show(); }
    else if (event.key === "Enter" && event.target.tagName !== "BUTTON") go.click();
  });
}

// ---- painting
function paint() {
  if (!state) return;
  renderTop();
  tiles.render(state, Boolean(silent));
  alarms.render(state, Boolean(silent));
  drug.render();
  renderDue($("due"), state.due || [], (name) => (state.session.locked ? openUnlock() : pad.openNamed(name)));
  renderCoverage($("coverage"), state.coverage || []);
  renderLock();
  sound.play(alarms.pattern(state, Boolean(silent)));
}

function offlineState() {
  return { session: { uid: uidHere, chair: "", user: remember.user, locked: false }, patient: {}, parts: {}, tiles: [], alarms: [], points: {}, events: [], gaps: [], due: [], coverage: [], actions: [], drug: null, audio: {} };
}

const stream = new Stream({
  urls, first: firstState,
  onState: (next) => {
    state = next;
    if (state.session?.user) remember.user = state.session.user;
    trends.setState(state);
    paint();
    outbox.report();
    if (box.waiting.length) outbox.kick();
  },
  onNews: (next) => silence.news(next.parts?.watch_beat ?? null),
  onLink: (next) => { link = next; if (next === "live" || next === "polling") outbox.kick(); renderTop(); },
});
if (!state) { state = offlineState(); trends.setState(state); paint(); }
for (const entry of await outbox.all().catch(() => [])) if (entry.kind === "ack" && entry.state === "waiting") alarms.answered.set(entry.body.alarm, 1);
stream.start();
trends.draw();
sound.enable({ gesture: false });
renderSound();

setInterval(() => {
  renderTop();
  tiles.render(state, Boolean(silent));
  alarms.render(state, Boolean(silent));
  drug.render();
  renderDue($("due"), state.due || [], (name) => pad.openNamed(name));
  sound.play(alarms.pattern(state, Boolean(silent)));
  if (!document.hidden) trends.draw();
}, 1000);
setInterval(() => { trends.renderTable(); setAttr($("trend-canvas"), "aria-label", trends.describe()); }, 10000);
setAttr($("trend-canvas"), "aria-label", trends.describe());

// ---- buttons of the frame
for (const button of document.querySelectorAll("[data-window]")) button.addEventListener("click", () => choose(button));
function choose(button) {
  for (const other of document.querySelectorAll("[data-window]")) other.setAttribute("aria-pressed", String(other === button));
  trends.setWindow(Number(button.dataset.window));
  setText($("trend-title"), button.dataset.title);
}
function toggleTable() {
  trends.tableOpen = !trends.tableOpen;
  $("table-switch").setAttribute("aria-pressed", String(trends.tableOpen));
  setAttr($("trend-table"), "hidden", !trends.tableOpen);
  setAttr($("trend-canvas"), "hidden", trends.tableOpen);
  trends.renderTable();
}
$("table-switch").addEventListener("click", toggleTable);
$("who").addEventListener("click", openPerson);
$("comfort").addEventListener("click", openPerson);
$("ribbon").addEventListener("click", openEntries);
$("unlock-open").addEventListener("click", openUnlock);

const pads = config.quick?.pad || [];
const shortcuts = new Shortcuts(sheet, [
  ["A", say("keys.ack"), () => (state.session.locked ? openUnlock() : alarms.takeWorst(state)), true],
  ["L", say("keys.list"), () => alarms.onList()],
  ["M", say("keys.pause"), pauseAudio, true],
  ["V", say("keys.vitals"), () => guarded(() => pad.vitals())],
  ["N", say("keys.note"), () => guarded(() => pad.note())],
  ["H", say("keys.hold"), () => drug.run((state.actions || []).some((a) => a.name === "resume" && a.allowed) ? "resume" : "hold")],
  ["S", say("keys.stop"), () => drug.run("stop")],
  ["T", say("keys.table"), toggleTable],
  ["C", say("keys.comfort"), openPerson],
  ["E", say("keys.entries"), openEntries],
  ...pads.slice(0, 9).map((p, i) => [String(i + 1), p.label, () => guarded(() => pad.open(p))]),
]);
$("keys").addEventListener("click", () => shortcuts.help());
function guarded(act) { if (state.session.locked) openUnlock(); else act(); }

// ---- the shell for a day without a server
if ("serviceWorker" in navigator && urls.sw) {
  navigator.serviceWorker.register(urls.sw, { scope: "/" }).then(async () => {
    const ready = await navigator.serviceWorker.ready;
    const files = performance.getEntriesByType("resource").map((r) => new URL(r.name)).filter((u) => u.origin === location.origin).map((u) => u.pathname);
    ready.active?.postMessage({ type: "keep", paths: [...new Set(files)] });
  }).catch(() => { /* without it the page still works, only not after a reload offline */ });
  navigator.serviceWorker.addEventListener("message", (event) => { document.documentElement.dataset.shell = event.data?.type || ""; });
}
for (const leave of document.querySelectorAll("[data-sign-out]")) {
  leave.addEventListener("click", () => {
    drafts.clear();
    try { sessionStorage.clear(); } catch { /* nothing kept */ }
    navigator.serviceWorker?.controller?.postMessage({ type: "signed-out" });
  });
}
document.documentElement.dataset.ready = "true";
