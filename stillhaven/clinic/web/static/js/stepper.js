/* How is a number entered with gloves on?  Big plus and minus, a keypad of our own where the tablet has none, the unit fixed.
   Enhances every [data-stepper] of a server-made form, and builds new ones for the sheets. */
import { el, say } from "./page.js";

const decimalsOf = (step) => (String(step).split(".")[1] || "").length;

export function stepper({ label, name = "", unit = "", value = "", min = null, max = null, step = 1, onChange = null }) {
  const id = `step-${Math.random().toString(36).slice(2, 8)}`;
  const input = el("input", { id, name, type: "text", inputmode: "decimal", autocomplete: "off", value, "data-min": min, "data-max": max, "data-step": step, "aria-describedby": `${id}-unit` });
  const box = el("div", { class: "stepper", "data-stepper": "" },
    el("button", { type: "button", "data-by": -1, "aria-label": say("step.less", { label }) }, "−"), input,
    el("button", { type: "button", "data-by": 1, "aria-label": say("step.more", { label }) }, "+"),
    el("span", { class: "unit", id: `${id}-unit` }, unit));
  const whole = el("div", { class: "field" }, el("label", { for: id }, label), box);
  enhance(box);
  if (onChange) input.addEventListener("input", () => onChange(number(input)));
  return { node: whole, input, get value() { return number(input); } };
}

/** The number typed, or null.  A comma is read as a decimal point. */
export function number(input) {
  const text = input.value.trim().replace(",", ".");
  if (!/^-?\d+(\.\d+)?$/.test(text)) return null;
  return Number(text);
}

export function keypad(onKey, { point = true } = {}) {
  const key = (text, value, label) => el("button", { type: "button", "aria-label": label || null, onclick: () => onKey(value) }, text);
  return el("div", { class: "keypad", role: "group", "aria-label": say("step.keypad") },
    ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) => key(String(n), String(n))), point ? key(".", ".", say("step.point")) : el("span"), key("0", "0"), key("⌫", "back", say("step.back")));
}

export function enhance(box) {
  if (box.dataset.ready) return;
  box.dataset.ready = "1";
  const input = box.querySelector("input");
  const set = (text) => { input.value = text; input.dispatchEvent(new Event("input", { bubbles: true })); };
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-by]");
    if (!button) return;
    const step = Number(input.dataset.step || 1);
    const from = number(input) ?? number({ value: input.dataset.from || "" }) ?? Number(input.dataset.min || 0);
    let to = from + step * Number(button.dataset.by);
    if (input.dataset.min) to = Math.max(Number(input.dataset.min), to);
    if (input.dataset.max) to = Math.min(Number(input.dataset.max), to);
    set(to.toFixed(decimalsOf(step)));
  });
  input.addEventListener("keydown", (event) => {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (by) { event.preventDefault(); box.querySelector(`[data-by="${by}"]`).click(); }
  });
  const pad = keypad((key) => set(key === "back" ? input.value.slice(0, -1) : input.value + key));
  pad.hidden = true;
  const toggle = el("button", { type: "button", class: "stepper-pad", "aria-expanded": "false" }, "123");
  toggle.title = say("step.keypad");
  toggle.addEventListener("click", () => {
    pad.hidden = !pad.hidden;
    toggle.setAttribute("aria-expanded", String(!pad.hidden));
    if (!pad.hidden) set("");
  });
  const unit = box.querySelector(".unit");
  if (unit) { const end = el("span", { class: "stepper-end" }, unit, " ", toggle); box.append(end); } else box.append(toggle);
  box.after(pad);
}

for (const box of document.querySelectorAll("[data-stepper]")) enhance(box);
