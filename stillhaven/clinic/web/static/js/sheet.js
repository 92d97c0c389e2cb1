/* Where does a task stand while the patient is watched?  In a sheet beside the vitals, under the alarms: neither is covered, both
   stay in reach.  It is therefore no modal; focus goes in when it opens and back to where it came from when it closes. */
import { el, say } from "./page.js";

export class Sheet {
  constructor(place) {
    this.place = place;
    this.isOpen = false;
    addEventListener("keydown", (event) => { if (event.key === "Escape" && this.isOpen) { event.stopPropagation(); this.close(); } });
  }

  open({ title, body = [], foot = [], focus = null, onClose = null, name = "" }) {
    if (this.isOpen) this.close({ refocus: false });
    else this.opener = document.activeElement;
    const close = el("button", { type: "button", onclick: () => this.close(), "aria-label": say("sheet.close") }, "✕");
    this.node = el("section", { class: "sheet", role: "dialog", "aria-modal": "false", "aria-labelledby": "sheet-title", "data-name": name },
      el("div", { class: "sheet-head" }, el("h2", { id: "sheet-title", tabindex: "-1" }, title), close),
      el("div", { class: "sheet-body", tabindex: "-1" }, ...body), el("div", { class: "sheet-foot", hidden: foot.length === 0 }, ...foot));
    this.place.replaceChildren(this.node);
    this.place.setAttribute("data-open", name);
    this.isOpen = true;
    this.onClose = onClose;
    (focus || this.node.querySelector("#sheet-title")).focus({ preventScroll: true });
    return this.node;
  }

  close({ refocus = true } = {}) {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.place.removeAttribute("data-open");
    this.place.replaceChildren();
    const after = this.onClose;
    this.onClose = null;
    if (refocus && this.opener?.isConnected) this.opener.focus({ preventScroll: true });
    after?.();
  }
}
