/* A dose that goes in at once, whole, in parts or by devices: what is in, when the next may follow, how long to watch.
   Nothing of it runs, so there is no rate; the times come from the server, the minutes are counted here. */
import { hhmm, now, span } from "./clock.js";
import { el, say, setText } from "./page.js";

const mg = (value) => String(Number(Number(value).toFixed(2)));

/** "2 of 3 devices", "18 mg to come", or that all of it is in. */
export function soFar(giving) {
  if (!giving.parts.length) return say("drug.not_started");
  if (!giving.next_label) return say("giving.all_in");
  return giving.devices ? say("giving.devices", { n: giving.parts.length, of: giving.devices }) : say("giving.to_come", { v: mg(giving.left_mg) });
}

/** How long until the next device; empty where nothing is to come or where parts have no set rest. */
export function nextIn(giving, phase) {
  if (!giving.next_from || phase !== "dosing") return "";
  const ms = Date.parse(giving.next_from) - now();
  return ms > 0 ? say("giving.next_in", { span: span(ms) }) : say("giving.next_now");
}

/** The observation clock: until when at least, and how long that still is. */
export function watched(giving) {
  if (!giving.began) return say("giving.clock_first");
  if (!giving.over_at) return say(giving.is_set ? "giving.clock_first" : "giving.unset");
  const until = Date.parse(giving.over_at), ms = until - now();
  return ms > 0 ? say("giving.until", { time: hhmm(until), span: span(ms) }) : say("giving.over", { time: hhmm(until) });
}

/** The next part as a deliberate second step: what it is, its lot, and not before the rest is over. */
export function askGive(panel, action) {
  const wait = action.from ? Date.parse(action.from) - now() : 0;
  if (wait > 0) { panel.refuse(action, say("giving.too_early", { time: hhmm(Date.parse(action.from)), span: span(wait) })); return; }
  const device = action.kind === "device";
  const lot = el("input", { type: "text", id: "give-lot", autocomplete: "off", value: action.lot || "" });
  const amount = el("input", { type: "text", inputmode: "decimal", id: "give-amount", autocomplete: "off", value: mg(action.amount_mg) });
  const why = el("p", { class: "field-why", role: "alert" });
  const button = el("button", { type: "button", class: "button-firm", onclick: () => {
    const given = Number(String(amount.value).replace(",", "."));
    if (!(given > 0)) { setText(why, say("giving.number")); amount.focus(); return; }
    panel.send(action, { kind: action.kind, amount_mg: given, lot: lot.value.trim() }, `${action.label}, ${mg(given)} mg`);
  } }, say(device ? "giving.used_now" : "rescue.given"));
  panel.sheet.open({
    name: "sure", title: action.label,
    body: [
      el("p", { class: "drug-big" }, device ? `${mg(action.amount_mg)} mg` : ""),
      ...(device ? [] : [el("label", { for: "give-amount" }, say("giving.amount")), amount]),
      el("label", { for: "give-lot" }, say("giving.lot")), lot, why,
      el("p", { class: "muted" }, say("giving.no_way_back")),
    ],
    foot: [button, el("button", { type: "button", onclick: () => panel.sheet.close() }, say("back"))], focus: button,
  });
}
