/* Can all of it be done without touching the glass?  Single keys for the chair's deeds, listed under "?", and able to be turned off
   (a reader's own keys, or a scanner that types, may need them). */
import { el, say, typing } from "./page.js";

const OFF = "stillhaven-keys-off";

export class Shortcuts {
  /** keys: [[key, words, act, also while a sheet is open], ...] in the order of the help. */
  constructor(sheet, keys) {
    this.sheet = sheet;
    this.keys = keys;
    addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing()) return;
      if (event.key === "?") { event.preventDefault(); this.help(); return; }
      if (!this.on) return;
      const found = this.keys.find(([key]) => key.toLowerCase() === event.key.toLowerCase());
      if (!found || (this.sheet.isOpen && !found[3])) return;  // a task in hand is not lost to a stray key
      event.preventDefault();
      found[2]();
    });
  }

  get on() { try { return !localStorage.getItem(OFF); } catch { return true; } }

  help() {
    const box = el("input", { type: "checkbox", id: "keys-on" });
    box.checked = this.on;
    box.addEventListener("change", () => { try { if (box.checked) localStorage.removeItem(OFF); else localStorage.setItem(OFF, "1"); } catch { /* stays as it is */ } });
    const list = el("dl", { class: "keys" }, ...[...this.keys, ["Esc", say("keys.escape")], ["?", say("keys.help")]].flatMap(([key, text]) => [el("dt", {}, el("kbd", {}, key.toUpperCase() === key || key.length > 1 ? key : key.toUpperCase())), el("dd", {}, text)]));
    this.sheet.open({ name: "keys", title: say("keys.title"), body: [list, el("p", {}, el("label", { for: "keys-on" }, box, say("keys.on")))] });
  }
}
