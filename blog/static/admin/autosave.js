// Keeps what is being typed. In this browser at once, on the server within two seconds, and in this
// browser until the server has said that it has it. Another tab's newer typing is shown, not overwritten.

import { fields, fill, form, post } from "./form.js";

const WAIT = 1500;
const RETRY = 5000;
// Another tab that is open writes here more often than this.
const STALE = 10_000;
const PREFIX = `crosstag.typed.${form.dataset.form}.`;
const note = form.querySelector("[data-kept-at]");
const place = form.querySelector("[data-kept]");
const tab = tabName();

let kept = JSON.stringify(fields());
let timer = 0;
let sending = null;
let isStopped = false;
let isOver = false;

form.addEventListener("input", () => {
  holdHere();
  if (!isStopped) later(WAIT);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") send({ keepalive: true });
});
addEventListener("online", () => later(0));
form.addEventListener("submit", () => {
  // What is sent is saved by the form itself; it is held here until a page says so.
  isOver = true;
  clearTimeout(timer);
  sending?.abort();
});
// Back from another page by the browser's own way: the form may be used again.
addEventListener("pageshow", (event) => {
  if (event.persisted) isOver = false;
});
offerWhatIsHere();

function tabName() {
  const known = sessionStorage.getItem("crosstag.tab") ?? crypto.randomUUID();
  sessionStorage.setItem("crosstag.tab", known);
  return known;
}

function holdHere() {
  const held = { at: Date.now(), seen: form.elements.seen.value, fields: fields() };
  try {
    localStorage.setItem(PREFIX + tab, JSON.stringify(held));
  } catch {
    // No room, or none is given: then the server is all there is.
  }
}

function later(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(send, milliseconds);
}

async function send(options = {}) {
  const typed = fields();
  const text = JSON.stringify(typed);
  if (isStopped || isOver || text === kept) return;
  if (sending) return later(WAIT);
  sending = new AbortController();
  try {
    answered(await ask(typed, options), text);
  } catch (error) {
    if (!isOver) waiting("Not sent yet: it is kept in this browser.");
  } finally {
    sending = null;
  }
  if (!isStopped && !isOver && JSON.stringify(fields()) !== kept) later(WAIT);
}

async function ask(typed, options) {
  const { form: name, version, seen, entry } = form.elements;
  const body = { form: name.value, version: version.value, seen: seen.value, entry: entry?.value ?? "", fields: typed };
  const response = await post("/admin/autosave", null, {
    body: JSON.stringify(body),
    signal: sending.signal,
    // Browsers send no more than this when a page is left.
    keepalive: Boolean(options.keepalive) && JSON.stringify(body).length < 60_000,
    headers: { "X-CSRFToken": form.elements.csrf_token.value, "Content-Type": "application/json", Accept: "application/json" },
  });
  const said = response.headers.get("Content-Type")?.startsWith("application/json") ? await response.json() : {};
  return { status: response.status, said };
}

function answered({ status, said }, text) {
  if (status === 200) return confirmed(said, text);
  if (status === 409 && said.entry) return stopped(said.error, "Open what was saved", `/admin/entries/${said.entry}/`);
  if (status === 409) return elsewhere(said);
  if (status === 400 || status === 401 || status === 403) {
    return waiting("You are signed out. It is kept in this browser; sign in in another tab and load this page again.");
  }
  waiting(said.error ?? "The server could not keep it; it is kept in this browser.");
}

function confirmed(said, text) {
  kept = text;
  form.elements.version.value = said.version;
  note.classList.remove("wrong");
  note.textContent = said.version ? `Kept at ${said.time}, not saved yet` : "";
  if (JSON.stringify(fields()) === kept) localStorage.removeItem(PREFIX + tab);
  if (!form.dataset.entry && said.version) {
    // Loading this page again finds what was typed.
    history.replaceState(null, "", `/admin/new?form=${encodeURIComponent(form.dataset.form)}`);
  }
}

function waiting(sentence) {
  note.classList.add("wrong");
  note.textContent = sentence;
  if (!isOver) later(RETRY);
}

function elsewhere(said) {
  const again = form.dataset.entry
    ? `/admin/entries/${form.dataset.entry}/?typed=again`
    : `/admin/new?form=${encodeURIComponent(form.dataset.form)}`;
  const over = button("Keep mine instead", () => {
    form.elements.version.value = said.version;
    isStopped = false;
    place.hidden = true;
    send();
  });
  stopped(`${said.error} What is kept there is from ${said.time}.`, "Go on with that", again, over);
}

// Says something above the text, with what can be done about it; until then nothing goes to the server.
function stopped(sentence, label, address, ...others) {
  isStopped = true;
  const link = Object.assign(document.createElement("a"), { className: "button", href: address, textContent: label });
  say(sentence, link, ...others);
}

function say(sentence, ...ways) {
  const row = Object.assign(document.createElement("span"), { className: "do" });
  row.append(...ways);
  place.replaceChildren(sentence, row);
  place.hidden = false;
}

function button(label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: label });
  made.addEventListener("click", act);
  return made;
}

// What this browser holds and the server never got: after a crash, or a time without the network.
function offerWhatIsHere() {
  const found = Object.keys(localStorage)
    .filter((key) => key.startsWith(PREFIX))
    .map((key) => ({ key, ...JSON.parse(localStorage.getItem(key)) }))
    .filter(({ key, at }) => key === PREFIX + tab || Date.now() - at > STALE)
    .sort((one, other) => other.at - one.at);
  for (const one of found) {
    if (Object.entries(one.fields).every(([name, value]) => (fields()[name] ?? "") === value)) {
      localStorage.removeItem(one.key);
    }
  }
  const newest = found.find(({ key }) => localStorage.getItem(key) !== null);
  if (newest) offer(newest);
}

function offer(held) {
  const time = new Date(held.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const take = button("Take it up again", () => {
    place.hidden = true;
    localStorage.removeItem(held.key);
    form.elements.seen.value = held.seen;
    fill(held.fields);
  });
  const drop = button("Throw it away", () => {
    place.hidden = true;
    localStorage.removeItem(held.key);
  });
  say(`This browser holds what you typed here, ${time}, and the server never got.`, take, drop);
}
