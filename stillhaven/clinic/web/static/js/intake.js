/* Is what somebody types kept while they type?  Each change goes to the server as a draft; nothing here decides anything. */

import { csrf } from "./page.js";

const form = document.querySelector("form[data-draft]");
const line = document.querySelector("[data-kept]");
const WAIT_MS = 500;
const AGAIN_MS = 5000;

if (form && line) {
  const fields = () => [...new Set([...form.elements].filter((e) => e.name && !["hidden", "submit"].includes(e.type)).map((e) => e.name))];
  const shows = (name) => {
    const all = [...form.elements].filter((e) => e.name === name);
    if (all[0].type === "checkbox") return all.filter((e) => e.checked).map((e) => e.value);
    if (all[0].type === "radio") return all.find((e) => e.checked)?.value || "";
    return all[0].value;
  };
  const drafted = fields().filter((name) => name !== "reason" && !name.startsWith("choose."));
  const kept = Object.fromEntries(drafted.map((name) => [name, shows(name)]));
  let timer = 0;
  let busy = Promise.resolve(true);

  const changed = () => drafted.filter((name) => JSON.stringify(shows(name)) !== JSON.stringify(kept[name]));
  const tell = (text, bad = false) => {
    line.textContent = text;
    line.toggleAttribute("data-bad", bad);
  };

  async function keep() {
    const names = changed();
    if (!names.length) return true;
    const typed = Object.fromEntries(names.map((name) => [name, shows(name)]));
    const was = Object.fromEntries(names.map((name) => [name, kept[name]]));
    try {
      const answer = await fetch(form.dataset.draft, {
        method: "POST", credentials: "same-origin", keepalive: true,
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() },
        body: JSON.stringify({ typed, was, seen: form.elements.seen.value }),
      });
      if (answer.status === 401 || answer.status === 403) { tell(line.dataset.keptOut, true); return false; }
      if (answer.status === 423) { tell(line.dataset.keptLocked, true); return false; }
      if (!answer.ok) return true; // the form itself says what is wrong
      const said = await answer.json();
      Object.assign(kept, typed);
      const others = Object.values(said.others || {}).flat();
      tell(others.length ? `${said.said}. ${line.dataset.keptOther}: ${others.join(" / ")}` : said.said);
      return true;
    } catch {
      tell(line.dataset.keptAway, true);
      return false;
    }
  }
  function soon(ms = WAIT_MS) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      busy = busy.then(keep).then((ok) => { if (!ok) soon(AGAIN_MS); return ok; });
    }, ms);
  }
  form.addEventListener("input", () => soon());
  form.addEventListener("change", () => soon(50));
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && changed().length) keep(); });
  window.addEventListener("focus", () => { if (line.hasAttribute("data-bad")) soon(50); });

  // A form is sent only once what is in it is kept: whoever was signed out meanwhile loses nothing.
  let sending = false;
  form.addEventListener("submit", (event) => {
    const token = form.querySelector("input[name=csrfmiddlewaretoken]");
    if (token) token.value = csrf() || token.value;
    if (sending) { event.preventDefault(); return; }
    const safe = !changed().length && !line.hasAttribute("data-bad");
    if (safe) { sending = true; return; }
    event.preventDefault();
    clearTimeout(timer);
    busy = busy.then(keep).then((ok) => {
      if (ok) form.requestSubmit(event.submitter || undefined);
      return ok;
    });
  });
  window.addEventListener("pageshow", () => { sending = false; });

  // Questions that hang on another are shown when it is answered so; without this script they are always there.
  const waiting = [...form.querySelectorAll("[data-when]")];
  const unfold = () => {
    for (const question of waiting) {
      const said = shows(question.dataset.when);
      const among = question.dataset.among.split(" ");
      question.hidden = !(Array.isArray(said) ? said.some((s) => among.includes(s)) : among.includes(said));
    }
  };
  if (waiting.length) {
    unfold();
    form.addEventListener("change", unfold);
  }
}

// A photograph is sent as soon as it is taken.
for (const photo of document.querySelectorAll("form[data-photo]")) {
  photo.addEventListener("change", () => photo.requestSubmit());
}
