// Making a passkey, and signing in by one. Where the browser has none, its buttons stay hidden.

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

async function send(address, token, values) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Accept": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(values),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(told.error || "It could not be done. Load this page again.");
  return told;
}

function said(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

async function make(form) {
  const token = form.elements.csrf_token.value;
  const options = await send("/admin/account/passkeys/options", token, {});
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  for (const one of options.excludeCredentials || []) one.id = bytes(one.id);
  const credential = await navigator.credentials.create({ publicKey: options });
  return send("/admin/account/passkeys", token, { credential: said(credential), name: form.elements.passkey_name.value });
}

async function enter(form) {
  const token = form.elements.csrf_token.value;
  const options = await send("/admin/passkey/options", token, {});
  options.challenge = bytes(options.challenge);
  const credential = await navigator.credentials.get({ publicKey: options });
  const told = await send("/admin/passkey", token, { credential: said(credential) });
  return { next: form.dataset.next || told.next };
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const problem = form.querySelector("[role=alert]");
    problem.hidden = true;
    try {
      const told = await (form.dataset.passkey === "make" ? make(form) : enter(form));
      window.location.assign(told.next);
    } catch (error) {
      // The author closing the browser's own dialogue is no error.
      if (error.name === "NotAllowedError") return;
      problem.textContent = error.message;
      problem.hidden = false;
    }
  });
}
