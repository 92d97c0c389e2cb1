// Saves each answer of the long page as it is given; without this file the button at the end saves them all.
const form = document.getElementById("f-all");
if (form) {
  const status = form.querySelector(".checkin-saved");
  const save = async (input) => {
    const body = new FormData();
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.set("item", input.name.slice(5));
    body.set("answer", input.value);
    if (window.crypto && crypto.randomUUID) body.set("uid", crypto.randomUUID());
    try {
      const answer = await fetch(form.dataset.save, { method: "POST", body, credentials: "same-origin", headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const said = await answer.json();
      status.textContent = form.dataset.saved;
      if (said.help) location.assign(form.dataset.help);
    } catch {
      status.textContent = form.dataset.unsaved;
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target.name && event.target.name.startsWith("item.")) save(event.target);
  });
}
