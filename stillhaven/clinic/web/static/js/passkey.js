/* How does a passkey answer?  A form with data-passkey asks the browser's passkey and sends its answer in one hidden field.
     data-passkey="add"      the options stand in #passkey-options; the answer makes a new passkey
     data-passkey="confirm"  the options stand in #passkey-options, or come from data-options-url
   A field with data-passkey-answer and data-options-url makes its form one that confirms.
   The button that starts it has data-passkey-start; what went wrong is written into [data-passkey-why]. */

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0)).buffer;
const toText = (buffer) => (buffer ? btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") : undefined);
const keys = (list) => (list || []).map((k) => ({ ...k, id: toBytes(k.id) }));

function asking(options) {
  const key = options.publicKey;
  return { publicKey: { ...key, challenge: toBytes(key.challenge), allowCredentials: keys(key.allowCredentials) } };
}
function making(options, alone) {
  const key = options.publicKey;
  const choice = { ...(key.authenticatorSelection || {}) };
  if (alone !== null) {
    Object.assign(choice, { residentKey: alone ? "required" : "discouraged", requireResidentKey: alone });
    if (alone) choice.userVerification = "required";
  }
  return { publicKey: { ...key, challenge: toBytes(key.challenge), user: { ...key.user, id: toBytes(key.user.id) }, excludeCredentials: keys(key.excludeCredentials), authenticatorSelection: choice } };
}
function answered(credential) {
  const { response } = credential;
  const json = { id: credential.id, rawId: toText(credential.rawId), type: credential.type, clientExtensionResults: credential.getClientExtensionResults(), authenticatorAttachment: credential.authenticatorAttachment ?? undefined };
  json.response = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    json.response.attestationObject = toText(response.attestationObject);
    json.response.transports = response.getTransports?.() || [];
  } else {
    Object.assign(json.response, { authenticatorData: toText(response.authenticatorData), signature: toText(response.signature), userHandle: toText(response.userHandle) });
  }
  return json;
}

async function optionsOf(form) {
  const here = document.getElementById("passkey-options");
  const url = form.dataset.optionsUrl || form.querySelector("[data-options-url]")?.dataset.optionsUrl;
  if (here && !url) {
    const data = JSON.parse(here.textContent);
    return data.creation_options || data.request_options;
  }
  const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).request_options;
}

for (const form of document.querySelectorAll("form[data-passkey], form:has([data-passkey-answer])")) {
  const start = form.querySelector("[data-passkey-start]") || document.querySelector(`[data-passkey-start][form="${form.id}"]`);
  const field = form.querySelector("[data-passkey-answer], [name=credential]");
  const why = form.querySelector("[data-passkey-why]");
  if (!start || !field) continue;
  if (!window.PublicKeyCredential) { start.hidden = true; continue; }
  start.hidden = false;
  start.addEventListener("click", async (event) => {
    event.preventDefault();
    if (why) why.hidden = true;
    start.disabled = true;
    try {
      const options = await optionsOf(form);
      const alone = form.querySelector("[name=passwordless]");
      const credential = form.dataset.passkey === "add"
        ? await navigator.credentials.create(making(options, alone ? alone.checked : null))
        : await navigator.credentials.get(asking(options));
      field.value = JSON.stringify(answered(credential));
      field.required = false;
      form.noValidate = true;
      if (start.value) { const chosen = document.createElement("input"); Object.assign(chosen, { type: "hidden", name: start.name, value: start.value }); form.append(chosen); }
      form.submit();
    } catch {
      start.disabled = false;
      if (why) why.hidden = false;
    }
  });
}
