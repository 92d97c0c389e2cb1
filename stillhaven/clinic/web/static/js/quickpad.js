/* What happened just now?  An adverse event in two taps, a scale in two, a row of vitals in six, and the rest not far.
   Every list, word, grade and bound comes from the page (the clinic's reference files); this module only lays them out.
   A tap is kept with its own moment; Undo rather than "are you sure", except where consent ends or a drug was given. */
import { hhmm, hhmmss, iso, now, span } from "./clock.js";
import { drafts } from "./outbox.js";
import { config, el, say } from "./page.js";
import { stepper } from "./stepper.js";

const AUTOSAVE_S = 3;

export class QuickPad {
  constructor({ place, sheet, keep, toast, state }) {
    Object.assign(this, { place, sheet, keep, toast, state });
    this.quick = config.quick || {};
    this.urls = config.urls || {};
    this.build();
  }

  build() {
    const pads = this.quick.pad || [];
    this.place.style.setProperty("--pads", String(Math.max(1, pads.length)));
    this.place.replaceChildren(...pads.map((pad, i) => el("button", { type: "button", "data-kind": pad.kind, "data-term": pad.term || pad.scale || null, "aria-keyshortcuts": i < 9 ? String(i + 1) : null, onclick: () => this.open(pad) }, pad.label)));
  }

  open(pad) {
    const kinds = {
      adverse_event: () => this.event(pad), scale: () => this.scale(pad.scale), vitals: () => this.vitals(),
      rescue: () => this.rescue(), note: () => this.note(), more: () => this.more(), request: () => this.request(pad), photo: () => this.photo(),
    };
    kinds[pad.kind]?.();
  }

  openNamed(name) {
    if (this.quick.scales?.[name]) this.scale(name);
    else this.open({ kind: name });
  }

  /** Keeps an entry, closes the sheet, says so, and offers to take it back. */
  async save({ kind, url, body, label, file = null, happenedAt = null, replaces = null, undo = true, extra = [] }) {
    const entry = await this.keep({ kind, url, body, label, file, happenedAt, replaces });
    if (!entry) return null;
    this.sheet.close();
    const buttons = [...extra.map((make) => make(entry))];
    if (undo && this.urls.retract) buttons.push({ label: say("undo"), act: () => this.keep({ kind: "retract", url: this.urls.retract, body: { amends: entry.uid }, label: say("undo.label", { label }) }) });
    this.toast(`${label} · ${hhmmss(Date.parse(entry.body.happened_at))}`, buttons);
    return entry;
  }

  // ---- adverse events
  gradeButtons(event) {
    return (this.quick.grades || []).map((grade) => el("button", { type: "button", class: "choice", "data-grade": grade.grade, onclick: () => this.saveEvent(event, grade) }, el("b", {}, grade.label), el("span", {}, grade.words || "")));
  }

  saveEvent(event, grade) {
    const label = say("event.label", { event: event.label, grade: grade.label.toLowerCase() });
    return this.save({
      kind: "event", url: this.urls.event, body: { term: event.term, grade: grade.grade }, label,
      extra: [(entry) => ({ label: say("event.detail"), act: () => this.eventDetail(event, grade, entry) })],
    });
  }

  event(pad) {
    const known = (this.quick.adverse_events || []).find((e) => e.term === pad.term) || pad;
    const grid = el("div", { class: "choice-grid" }, ...this.gradeButtons({ ...known, label: pad.label }));
    this.sheet.open({ name: "event", title: say("event.title", { event: pad.label }), body: [grid, known.words ? el("p", { class: "muted" }, known.words) : null].filter(Boolean), focus: null });
    grid.querySelector("button")?.focus();
  }

  eventDetail(event, grade, entry) {
    const boxes = (this.quick.interventions || []).map((i) => el("label", { class: "choice-line" }, el("input", { type: "checkbox", value: i.key }), i.label));
    const text = el("textarea", { id: "event-text" });
    this.sheet.open({
      name: "event-detail", title: say("event.detail_title", { event: event.label }),
      body: [el("fieldset", {}, el("legend", {}, say("event.done")), el("div", { class: "choice-grid" }, ...boxes)), el("label", { for: "event-text" }, say("note.text")), text],
      foot: [el("button", { type: "button", class: "button-next", onclick: () => this.save({
        kind: "event", url: this.urls.event, label: say("event.detail_label", { event: event.label }), undo: false, happenedAt: entry.body.happened_at,
        body: { amends: entry.uid, term: event.term, grade: grade.grade, interventions: boxes.map((b) => b.firstElementChild).filter((b) => b.checked).map((b) => b.value), note: text.value.trim() },
      }) }, say("save"))],
    });
  }

  /** Everything else: all events as rows with their grades beside them (two taps still), and what is rarer. */
  more() {
    const rows = (this.quick.adverse_events || []).map((event) => el("div", { class: "event-line" }, el("span", {}, event.label),
      ...(this.quick.grades || []).slice(0, 4).map((grade) => el("button", { type: "button", "aria-label": `${event.label}, ${grade.label}`, onclick: () => this.saveEvent(event, grade) }, grade.label))));
    const rare = (this.quick.more || []).map((pad) => el("button", { type: "button", class: "choice", onclick: () => this.open(pad) }, pad.label));
    this.sheet.open({ name: "more", title: say("more.title"), body: [el("div", { class: "choice-grid" }, ...rare), el("h3", { class: "muted" }, say("more.events")), el("div", { class: "event-matrix" }, ...rows)] });
  }

  // ---- one-question scales
  scale(name) {
    const scale = this.quick.scales?.[name];
    if (!scale) return;
    const many = scale.levels.length > 7;
    const list = el("div", { class: many ? "choice-grid" : "choice-list" }, ...scale.levels.map((level) => el("button", {
      type: "button", class: "choice", "data-value": level.value,
      onclick: () => this.save({ kind: "score", url: this.urls.score, body: { scale: name, value: level.value }, label: `${scale.label} ${level.value}${level.words ? `: ${level.words}` : ""}` }),
    }, el("b", {}, String(level.value)), el("span", {}, level.words || ""))));
    this.sheet.open({ name: "scale", title: scale.question || scale.label, body: [list, scale.note ? el("p", { class: "muted" }, scale.note) : null].filter(Boolean) });
    list.querySelector("button")?.focus();
  }

  // ---- vitals by hand: one tap a value, saved by itself when the row is full
  vitals(filled = {}, { happenedAt = null, replaces = null, why = "" } = {}) {
    const rows = (this.quick.vitals || []).map((spec) => this.rulerRow(spec, filled[spec.signal]));
    let countdown = null, left = 0;
    const saveButton = el("button", { type: "button", class: "button-next", onclick: () => finish() }, say("save"));
    const message = el("span", { class: "muted", role: "status" }, why || say("vitals.help"));
    const stop = () => { clearInterval(countdown); countdown = null; saveButton.textContent = say("save"); };
    const finish = async () => {
      stop();
      const bad = rows.find((r) => r.problem());
      if (bad) { message.textContent = bad.problem(); bad.input.focus(); return; }
      const readings = Object.fromEntries(rows.filter((r) => r.value() !== null).map((r) => [r.spec.signal, r.value()]));
      if (!Object.keys(readings).length) { message.textContent = say("vitals.none"); return; }
      if (("systolic_mmhg" in readings) !== ("diastolic_mmhg" in readings)) { message.textContent = say("vitals.pair"); return; }
      const text = rows.filter((r) => r.value() !== null).map((r) => `${r.spec.label} ${r.value()}`).join(", ");
      await this.save({ kind: "vitals", url: this.urls.vitals, body: { readings }, label: say("vitals.label", { text }), happenedAt, replaces });
    };
    const changed = () => {
      stop();
      if (!replaces && rows.every((r) => r.value() !== null && !r.problem())) {
        left = AUTOSAVE_S;
        const tick = () => { saveButton.textContent = say("save.in", { n: left }); if (left <= 0) finish(); left -= 1; };
        tick();
        countdown = setInterval(tick, 1000);
      }
    };
    for (const row of rows) row.changed = changed;
    const node = this.sheet.open({ name: "vitals", title: say("vitals.title"), body: rows.map((r) => r.node), foot: [saveButton, message], onClose: stop });
    for (const row of rows) row.centre();
    node.querySelector(".ruler button")?.focus({ preventScroll: true });
  }

  rulerRow(spec, filled) {
    const id = `hand-${spec.signal}`;
    const input = el("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", value: filled ?? "" });
    const ruler = el("div", { class: "ruler", role: "group", "aria-label": spec.label });
    const last = this.lastValue(spec.signal);
    const centre = filled ?? last ?? spec.centre;
    const step = spec.step || 1;
    const count = spec.count || 15;
    const from = Math.max(spec.low, Math.min(Math.round(centre / step) * step - Math.floor(count / 2) * step, spec.high - (count - 1) * step));
    const row = { spec, input, changed: () => {} };
    row.value = () => { const text = input.value.trim().replace(",", "."); return /^\d+(\.\d+)?$/.test(text) ? Number(text) : null; };
    row.problem = () => {
      if (!input.value.trim()) return "";
      const v = row.value();
      return v === null ? say("vitals.unreadable", { label: spec.label }) : v < spec.low || v > spec.high ? say("vitals.range", { label: spec.label, low: spec.low, high: spec.high }) : "";
    };
    const press = () => { for (const b of ruler.children) b.setAttribute("aria-pressed", String(Number(b.textContent) === row.value())); };
    for (let i = 0; i < count; i += 1) {
      const v = Number((from + i * step).toFixed(spec.decimals || 0));
      if (v < spec.low || v > spec.high) continue;
      ruler.append(el("button", { type: "button", "aria-pressed": "false", "data-last": last !== null && Math.round(last) === v ? "" : null, onclick: () => { input.value = String(v); press(); row.changed(); } }, String(v)));
    }
    input.addEventListener("input", () => { press(); row.changed(); });
    /* On a narrow screen the numbers stand in one line that is pushed sideways: the likeliest in the middle. */
    row.centre = () => { const middle = ruler.querySelector("[data-last]") || ruler.children[Math.floor(ruler.children.length / 2)]; if (middle) ruler.scrollLeft = middle.offsetLeft - ruler.offsetLeft - (ruler.clientWidth - middle.offsetWidth) / 2; };
    row.node = el("div", { class: "ruler-row", "data-signal": spec.signal }, el("div", { class: "ruler-name" }, el("label", { for: id }, spec.label, el("small", {}, spec.unit)), input), ruler);
    press();
    return row;
  }

  lastValue(signal) {
    const tiles = this.state()?.tiles || [];
    const spot = { systolic_mmhg: 0, diastolic_mmhg: 1 }[signal];
    const tile = tiles.find((t) => t.signal === (spot === undefined ? signal : "pressure"));
    if (!tile) return null;
    const pick = (v) => (spot === undefined ? v : v?.[spot]);
    return pick(tile.value) ?? pick(tile.last_value) ?? pick(tile.baseline) ?? null;
  }

  // ---- a drug given under an order: a second step repeats the numbers
  rescue() {
    const orders = this.quick.orders || [];
    if (!orders.length) {
      this.sheet.open({ name: "rescue", title: say("rescue.title"), body: [el("div", { class: "empty" }, el("p", {}, el("b", {}, say("rescue.none")), say("rescue.none_do")))] });
      return;
    }
    this.sheet.open({ name: "rescue", title: say("rescue.title"), body: [el("div", { class: "choice-list" }, ...orders.map((order) => el("button", { type: "button", class: "choice", onclick: () => this.rescueSure(order) }, el("b", {}, order.label), el("span", {}, order.words || ""))))] });
  }

  rescueSure(order) {
    const step = order.step || Math.max(order.dose / 4, 0.01);
    const dose = stepper({ label: say("rescue.dose"), unit: order.unit, value: String(order.dose), min: 0, max: order.max ?? order.dose, step });
    const given = el("p", { class: "drug-big" });
    const button = el("button", { type: "button", class: "button-firm", onclick: () => {
      const mg = dose.value;
      if (mg === null || mg <= 0) { dose.input.focus(); return; }
      this.save({ kind: "rescue", url: this.urls.rescue, body: { order: order.order, dose: mg, unit: order.unit, route: order.route }, label: say("rescue.label", { drug: order.drug, dose: mg, unit: order.unit, route: order.route }), undo: false });
    } }, say("rescue.given"));
    const show = () => { given.textContent = say("rescue.repeat", { drug: order.drug, dose: dose.value ?? "—", unit: order.unit, route: order.route }); };
    dose.input.addEventListener("input", show);
    show();
    this.sheet.open({ name: "rescue-sure", title: say("rescue.sure"), body: [given, dose.node, el("p", { class: "muted" }, order.words || "")], foot: [button, el("button", { type: "button", onclick: () => this.rescue() }, say("back"))], focus: button });
  }

  // ---- words
  async note({ text = null, happenedAt = null, replaces = null, title = say("note.title") } = {}) {
    const session = this.state()?.session?.uid || "";
    const key = `note ${session}`;
    const area = el("textarea", { id: "note-text", rows: 6 });
    area.value = text ?? (await drafts.get(key));
    const start = now();
    area.addEventListener("input", () => drafts.set(key, area.value));
    const button = el("button", { type: "button", class: "button-next", onclick: async () => {
      if (!area.value.trim()) { area.focus(); return; }
      const entry = await this.save({ kind: "note", url: this.urls.note, body: { text: area.value.trim() }, label: say("note.label", { text: area.value.trim().slice(0, 48) }), happenedAt: happenedAt || iso(start), replaces });
      if (entry) drafts.set(key, "");
    } }, say("save"));
    this.sheet.open({ name: "note", title, body: [el("label", { for: "note-text" }, say("note.text")), area, el("p", { class: "muted" }, say("note.kept"))], foot: [button], focus: area });
  }

  request(pad) {
    if (!pad.firm) { this.save({ kind: "request", url: this.urls.request, body: { what: pad.what }, label: pad.label }); return; }
    const area = el("textarea", { id: "request-words", rows: 3 });
    const button = el("button", { type: "button", class: "button-firm", onclick: () => this.save({ kind: "request", url: this.urls.request, body: { what: pad.what, words: area.value.trim() }, label: pad.label, undo: false }) }, pad.firm);
    this.sheet.open({ name: "request", title: pad.label, body: [el("p", {}, pad.words || ""), el("label", { for: "request-words" }, say("request.words")), area], foot: [button, el("button", { type: "button", onclick: () => this.sheet.close() }, say("back"))], focus: button });
  }

  photo() {
    const input = el("input", { type: "file", id: "photo-file", accept: "image/*", capture: "environment" });
    const preview = el("img", { class: "photo-preview", alt: say("photo.alt"), hidden: true });
    const why = el("input", { type: "text", id: "photo-what", autocomplete: "off" });
    const button = el("button", { type: "button", class: "button-next", disabled: true, onclick: () => this.save({ kind: "photo", url: this.urls.photo, body: { what: why.value.trim() }, file: input.files[0], label: say("photo.label", { what: why.value.trim() }) }) }, say("save"));
    input.addEventListener("change", () => {
      button.disabled = !input.files.length;
      if (preview.src) URL.revokeObjectURL(preview.src);
      if (input.files[0]) { preview.src = URL.createObjectURL(input.files[0]); preview.hidden = false; }
    });
    this.sheet.open({ name: "photo", title: say("photo.title"), body: [el("label", { for: "photo-file" }, say("photo.take")), input, preview, el("label", { for: "photo-what" }, say("photo.what")), why], foot: [button], focus: input });
  }

  /** A refused entry, opened again with what was typed and its own time. */
  correct(entry) {
    const options = { happenedAt: entry.body.happened_at, replaces: entry.seq };
    if (entry.kind === "vitals") this.vitals(entry.body.readings || {}, { ...options, why: say("refused.time", { time: hhmm(Date.parse(entry.body.happened_at)), span: span(now() - Date.parse(entry.body.happened_at)) }) });
    else this.note({ ...options, text: entry.kind === "note" ? entry.body.text : entry.label, title: say("refused.as_note") });
  }
}
