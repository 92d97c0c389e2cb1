/* How much has gone in, how fast, how long still?  And the three deeds at the pump: hold, stop, change of rate.
   Each is a deliberate second step that repeats the numbers.  Nothing here moves a pump: it records what was done at it. */
import { hhmm, now, span } from "./clock.js";
import { askGive, nextIn, soFar, watched } from "./giving.js";
import { el, say, setAttr, setText } from "./page.js";
import { number, stepper } from "./stepper.js";

/** 150 rather than 150.0, 61.5 as it is. */
const short = (value) => (value === null || value === undefined ? "—" : String(Number(Number(value).toFixed(1))));
const fixed = (value, digits) => (value === null || value === undefined ? "—" : Number(value).toFixed(digits));

export class DrugPanel {
  constructor({ place, sheet, keep, toast, state, silent }) {
    Object.assign(this, { place, sheet, keep, toast, state, silent });
    this.part = (name) => place.querySelector(`[data-part="${name}"]`);
    this.buttons = this.part("actions");
    this.waiting = [];
  }

  render() {
    const { drug, giving, actions = [], session } = this.state();
    setAttr(this.part("figures"), "hidden", !drug);
    setAttr(this.part("none"), "hidden", Boolean(drug));
    if (drug) {
      setText(this.part("title"), drug.title);
      setText(this.part("given"), fixed(drug.given_mg, 1));
      setText(this.part("perkg"), drug.given_mg_per_kg === null || drug.given_mg_per_kg === undefined ? "" : say("drug.perkg", { v: fixed(drug.given_mg_per_kg, 2) }));
      const part = Math.max(0, Math.min(1, drug.fraction ?? 0)) * 100;
      if (this.part("meter").value !== part) this.part("meter").value = part;
      setText(this.part("rate"), this.rateText(drug));
      setText(this.part("left"), this.left(drug));
      setText(this.part("concentration"), giving ? this.watching(giving) : drug.concentration ? say("drug.concentration", { v: drug.concentration, planned: short(drug.planned_mg) }) : "");
    }
    const pending = this.waiting.filter((e) => e.kind === "action");
    setText(this.part("pending"), pending.length ? say("drug.pending", { label: pending[0].label, time: hhmm(Date.parse(pending[0].body.happened_at)) }) : "");
    setAttr(this.part("pending"), "hidden", !pending.length);
    this.renderActions(actions, session);
  }

  watching(giving) { return this.silent() ? say("drug.asof") : watched(giving); }

  rateText(drug) {
    const { giving } = this.state();
    if (giving) return soFar(giving);
    if (drug.phase === "held") return say("drug.held");
    if (drug.phase === "not_started") return say("drug.not_started");
    if (drug.phase === "finished") return say("drug.finished");
    return [drug.rate_mg_per_h !== null && drug.rate_mg_per_h !== undefined ? `${short(drug.rate_mg_per_h)} mg/h` : "", drug.rate_ml_per_h !== null && drug.rate_ml_per_h !== undefined ? `${short(drug.rate_ml_per_h)} mL/h` : ""].filter(Boolean).join(" · ");
  }

  left(drug) {
    const { giving } = this.state();
    if (this.silent()) return say("drug.asof");
    if (giving) return nextIn(giving, drug.phase);
    if (drug.phase !== "dosing" || !drug.ends_at) return "";
    const ms = Date.parse(drug.ends_at) - now();
    return ms > 0 ? say("drug.left", { span: span(ms) }) : say("drug.over", { span: span(-ms) });
  }

  renderActions(actions, session) {
    const shape = JSON.stringify([actions, session?.locked]);
    if (shape === this.shape) return;
    this.shape = shape;
    const node = (action) => {
      const style = { hold: "btn-hold", stop: "btn-stop", resume: "btn-hold", start: "button-next", give: "button-next" }[action.name] || "";
      const sign = { hold: "❚❚ ", stop: "■ ", resume: "▶ " }[action.name] || "";
      const off = session?.locked || !action.allowed;
      const why = session?.locked ? say("locked.short") : action.why;
      return el("button", { type: "button", class: style, "data-action": action.name, "aria-disabled": off ? "true" : null, title: off ? why : null, onclick: () => (off ? this.refuse(action, why) : this.ask(action)) }, el("span", { "aria-hidden": "true" }, sign), action.label);
    };
    const order = ["start", "give", "hold", "resume", "stop"];
    const sorted = [...actions].sort((a, b) => (order.indexOf(a.name) + 1 || 9) - (order.indexOf(b.name) + 1 || 9));
    this.buttons.replaceChildren(...sorted.slice(0, 2).map(node));
    this.rest = sorted.slice(2);
    if (this.rest.length) this.buttons.append(el("button", { type: "button", class: "btn-more", "aria-label": say("drug.more"), onclick: () => this.sheet.open({ name: "actions", title: say("drug.more"), body: [el("div", { class: "choice-grid" }, ...this.rest.map(node))] }) }, "⋯"));
  }

  refuse(action, why) {
    this.sheet.open({ name: "why", title: say("drug.notnow", { label: action.label }), body: [el("ul", { class: "findings" }, el("li", { class: "finding", "data-look": "stops" }, el("span", { class: "finding-sign", "aria-hidden": "true" }, "!"), el("p", { class: "finding-because" }, why || say("drug.noreason"))))] });
  }

  run(name) { const action = (this.state().actions || []).find((a) => a.name === name); if (action) { if (action.allowed && !this.state().session.locked) this.ask(action); else this.refuse(action, action.why); } }

  ask(action) {
    if (action.href) { location.assign(action.href); return; }
    if (action.name === "rate") { this.askRate(action); return; }
    if (action.name === "give") { askGive(this, action); return; }
    const { drug, giving } = this.state();
    const numbers = drug ? say("drug.numbers", { given: fixed(drug.given_mg, 1), planned: short(drug.planned_mg), rate: this.rateText(drug) }) : "";
    const known = giving ? { stop: ["giving.stop_sure", "giving.stop_do"] }[action.name] : { hold: ["drug.hold_sure", "drug.hold_do"], stop: ["drug.stop_sure", "drug.stop_do"], resume: ["drug.resume_sure", "drug.resume_do"] }[action.name];
    const left = drug && drug.planned_mg !== null && drug.given_mg !== null ? fixed(drug.planned_mg - drug.given_mg, 1) : "—";
    const reason = el("input", { type: "text", id: "action-reason", autocomplete: "off" });
    const button = el("button", { type: "button", class: action.name === "stop" ? "button-firm" : "button-next", onclick: () => this.send(action, { reason: reason.value.trim() }, action.label) }, known ? say(known[1]) : action.label);
    this.sheet.open({
      name: "sure", title: action.label,
      body: [el("p", { class: "drug-big" }, numbers), el("p", {}, known ? say(known[0], { left }) : ""), el("label", { for: "action-reason" }, say("drug.reason")), reason, giving ? "" : el("p", { class: "muted" }, say("drug.pump"))],
      foot: [button, el("button", { type: "button", onclick: () => this.sheet.close() }, say("back"))], focus: button,
    });
  }

  mgPerMl(drug) {
    if (drug.concentration_mg_per_ml) return drug.concentration_mg_per_ml;
    return drug.rate_ml_per_h > 0 && drug.rate_mg_per_h > 0 ? drug.rate_mg_per_h / drug.rate_ml_per_h : null;
  }

  /** First the new rate; then, apart, both rates side by side in both units. */
  askRate(action) {
    const { drug } = this.state();
    const strength = this.mgPerMl(drug);
    const inMg = (ml) => (strength && ml !== null ? `${Number((ml * strength).toFixed(2))} mg/h` : say("drug.mg_unknown"));
    const rate = stepper({ label: say("drug.new_rate"), unit: "mL/h", value: fixed(drug.rate_ml_per_h, 1), min: 0, step: action.step || 5 });
    const mg = el("p", { class: "muted" });
    const reason = el("input", { type: "text", id: "rate-reason", autocomplete: "off" });
    const show = () => { mg.textContent = `= ${inMg(number(rate.input))}`; };
    rate.input.addEventListener("input", show);
    show();
    const next = el("button", { type: "button", class: "button-next", onclick: () => {
      const to = number(rate.input);
      if (to === null || to < 0) { rate.input.focus(); return; }
      const button = el("button", { type: "button", class: "button-firm", onclick: () => this.send(action, { rate_ml_per_h: to, rate_mg_per_h: strength ? Number((to * strength).toFixed(4)) : null, reason: reason.value.trim() }, say("drug.rate_label", { to: fixed(to, 1) })) }, say("drug.rate_do", { to: fixed(to, 1) }));
      this.sheet.open({
        name: "rate-sure", title: say("drug.rate_sure"),
        body: [el("div", { class: "gate" }, el("div", { class: "gate-part" }, el("h3", {}, say("drug.from")), el("b", {}, `${fixed(drug.rate_ml_per_h, 1)} mL/h`), inMg(drug.rate_ml_per_h)), el("div", { class: "gate-part" }, el("h3", {}, say("drug.to")), el("b", {}, `${fixed(to, 1)} mL/h`), inMg(to))), el("p", { class: "muted" }, say("drug.pump"))],
        foot: [button, el("button", { type: "button", onclick: () => this.askRate(action) }, say("back"))], focus: button,
      });
    } }, say("drug.rate_next"));
    this.sheet.open({ name: "rate", title: action.label, body: [rate.node, mg, el("label", { for: "rate-reason" }, say("drug.reason")), reason], foot: [next], focus: rate.input });
  }

  async send(action, body, label) {
    const entry = await this.keep({ kind: "action", url: action.url, body: { move: action.name, ...body }, label });
    if (!entry) return;
    this.sheet.close();
    this.toast(`${label} · ${hhmm(Date.parse(entry.body.happened_at))}`, []);
  }
}

/** What is due, soonest first; a line that has its own entry form opens it. */
export function renderDue(place, due, open) {
  const shape = JSON.stringify(due.map((d) => [d.key, d.label, d.opens]));
  if (place.dataset.shape !== shape) {
    place.dataset.shape = shape;
    place.replaceChildren(...(due.length ? due.map((item) => {
      const when = el("span", { class: "due-when" });
      return el("li", { "data-key": item.key }, ...(item.opens ? [el("button", { type: "button", onclick: () => open(item.opens) }, el("b", {}, item.label), when)] : [el("b", {}, item.label), when]));
    }) : [el("li", { class: "muted" }, say("due.none"))]));
  }
  due.forEach((item, i) => {
    const node = place.children[i], left = Date.parse(item.at) - now();
    const state = item.state === "overdue" || left < -60000 ? "overdue" : item.state === "now" || left < 30000 ? "now" : item.state;
    setAttr(node, "data-state", state);
    const text = state === "overdue" ? say("due.overdue", { span: span(-left) }) : state === "now" ? say("due.now") : left > 3600000 ? say("due.at", { time: hhmm(Date.parse(item.at)) }) : say("due.in", { span: span(left) });
    setText(node.querySelector(".due-when"), text);
  });
}

export function renderCoverage(place, coverage) {
  const shape = JSON.stringify(coverage);
  if (place.dataset.shape === shape) return;
  place.dataset.shape = shape;
  place.replaceChildren(...(coverage.length ? coverage.map((c) => {
    const known = c.percent !== null && c.percent !== undefined;
    const meter = el("progress", { class: "meter-plain", max: 100, value: known ? c.percent : 0, "aria-label": c.label });
    return el("li", { "data-signal": c.signal }, el("span", {}, c.label), meter, el("span", {}, el("b", {}, known ? `${Math.floor(c.percent)} %` : "—"), known && c.longest_gap_s >= 1 ? el("span", { class: "muted" }, ` · ${say("coverage.gap", { span: span(c.longest_gap_s * 1000) })}`) : ""));
  }) : [el("li", { class: "muted" }, say("coverage.none"))]));
}
