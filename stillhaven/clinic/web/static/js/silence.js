/* Can the numbers on this screen be believed?  When no news came for some seconds, or the alarm watch stopped, the values are
   covered with the reason, aloud.  Three guards: a timer; the wall clock, which also counts while a tab slept; and a dead-man
   animation that the browser's compositor runs by itself when every script of the page hangs. */
import { hhmmss, now, span } from "./clock.js";
import { el, say, setAttr, setText } from "./page.js";

export class Silence {
  constructor({ cover, deadman, afterMs, watchAfterMs, onChange, onQuiet, quietS = 120 }) {
    Object.assign(this, { cover, watchAfterMs, onChange });
    this.reason = "";
    this.watchBeat = undefined;  // nothing was said about the watch yet: it gets the same few seconds
    this.opened = performance.now();
    this.newsPerf = performance.now();
    this.newsWall = Date.now();
    this.afterMs = afterMs - 400;  // said before the seconds are over, not after
    this.first = el("b");
    this.second = el("strong", {}, say("silence.look"));
    this.third = el("p");
    const quiet = onQuiet ? el("button", { type: "button", class: "button-firm", onclick: onQuiet }, say("silence.quiet", { span: span(quietS * 1000) })) : null;
    cover.append(el("span", { class: "silence-sign", "aria-hidden": "true" }, "▲▲▲"), this.first, this.second, this.third, ...(quiet ? [quiet] : []));
    if (deadman?.animate) {
      this.deadman = deadman.animate([{ opacity: 0 }, { opacity: 0, offset: 0.999 }, { opacity: 1 }], { duration: afterMs, fill: "forwards" });
    }
    this.timer = setInterval(() => this.tick(), 250);
    for (const name of ["pageshow", "focus", "resume"]) addEventListener(name, () => this.tick());
    document.addEventListener("visibilitychange", () => this.tick());
    document.addEventListener("resume", () => this.tick());
  }

  /** The server was heard, on time. */
  news(watchBeat) {
    this.newsPerf = performance.now();
    this.newsWall = Date.now();
    if (watchBeat !== undefined) this.watchBeat = watchBeat ? Date.parse(watchBeat) : null;
    this.tick();
  }

  silentMs() { return Math.max(performance.now() - this.newsPerf, Date.now() - this.newsWall); }
  watchSilentMs() {
    if (this.watchBeat === undefined) return performance.now() - this.opened;
    return this.watchBeat === null ? Infinity : now() - this.watchBeat;
  }

  tick() {
    if (this.deadman) this.deadman.currentTime = 0;
    const silent = this.silentMs();
    const watchSilent = this.watchSilentMs();
    const reason = silent >= this.afterMs ? "server" : watchSilent > this.watchAfterMs ? "watch" : "";
    if (reason === "server") {
      setText(this.first, say("silence.server", { span: span(silent) }));
      setText(this.third, say("silence.since", { time: hhmmss(now() - silent) }));
    } else if (reason === "watch") {
      setText(this.first, !this.watchBeat ? say("silence.nowatch") : say("silence.watch", { span: span(watchSilent) }));
      setText(this.third, say("silence.judged"));
    }
    if (reason === this.reason) return;
    this.reason = reason;
    setAttr(this.cover, "hidden", !reason);
    this.onChange(reason);
  }
}
