// Keeps what is being typed. In this browser at once, on the server within two seconds, and in this
// browser until the server has said that it has it. Another tab's newer typing is shown, not overwritten.

import { fields, fill, form, isSame, memory, post, sent } from "./form.js";

const WAIT = 1500;
const RETRY = 5000;
// Another tab that is open writes here more often than this.
const STALE = 10_000;
// A page that was asked for before the server had what was typed may still be on its way here.
const CROSSED = 3000;
const RECENT = 60_000;
const FORGOTTEN = 60 * 86_400_000;
const PREFIX = "crosstag.typed.";
const note = form.querySelector("[data-kept-at]");
const place = form.querySelector("[data-kept]");
const tab = tabName();
const HERE = keyOf(form.dataset.form);

// What the server has. A page that comes back because something was wrong holds what nobody has saved.
let kept = "unsaved" in form.dataset ? null : sent();
let timer = 0;
let sending = null;
let isStopped = false;
let isOver = false;

form.addEventListener("input", () => {
  holdHere();
  // Not put off by each letter: who types without a pause is kept up with, too.
  if (!isStopped && !timer) later(WAIT);
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
// The form that led here was saved, so what this tab held of it is no more to be offered.
if (form.dataset.saved) memory.drop(keyOf(form.dataset.saved));
if (isKept(fields())) {
  offerWhatIsHere();
} else {
  holdHere();
  later(0);
}

function isKept(typed) {
  return kept !== null && isSame(kept, typed);
}

function tabName() {
  const fresh = Math.random().toString(36).slice(2);
  try {
    const known = sessionStorage.getItem("crosstag.tab") ?? fresh;
    sessionStorage.setItem("crosstag.tab", known);
    return known;
  } catch {
    return fresh;
  }
}

function keyOf(name) {
  return `${PREFIX}${name}.${tab}`;
}

function holdHere() {
  memory.set(HERE, { at: Date.now(), seen: form.elements.seen.value, fields: fields() });
}

function later(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(() => {
    timer = 0;
    send();
  }, milliseconds);
}

async function send(options = {}) {
  const typed = fields();
  if (isStopped || isOver || isKept(typed)) return;
  if (sending) return later(WAIT);
  sending = new AbortController();
  try {
    answered(await ask(typed, options), typed);
  } catch (error) {
    if (!isOver) waiting("Not sent yet: it is kept in this browser.");
  } finally {
    sending = null;
  }
  if (!isStopped && !isOver && !timer && !isKept(fields())) later(WAIT);
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

function answered({ status, said }, typed) {
  if (status === 200) return confirmed(said, typed);
  if (status === 409 && said.entry) return stopped(said.error, "Open what was saved", `/admin/entries/${said.entry}/`);
  if (status === 409) return elsewhere(said);
  if (status === 400 || status === 401 || status === 403) {
    return waiting("You are signed out. It is kept in this browser; sign in in another tab and load this page again.");
  }
  waiting(said.error ?? "The server could not keep it; it is kept in this browser.");
}

function confirmed(said, typed) {
  kept = typed;
  form.elements.version.value = said.version;
  note.classList.remove("wrong");
  note.textContent = said.version ? `Kept at ${said.time}, not saved yet` : "";
  if (isKept(fields())) {
    memory.set(HERE, { ...memory.get(HERE), isSent: true });
    setTimeout(() => isKept(fields()) && memory.drop(HERE), CROSSED);
  }
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

// What this browser holds and the server never got, after a crash or a time without the network; and what it
// got too late to be offered by the page that it was sending.
function offerWhatIsHere() {
  for (const key of memory.keys(PREFIX)) {
    const held = memory.get(key);
    const lasts = held?.isSent ? (form.querySelector(".offered") ? 0 : RECENT) : FORGOTTEN;
    if (!(Date.now() - held?.at < lasts)) memory.drop(key);
  }
  const found = memory
    .keys(`${PREFIX}${form.dataset.form}.`)
    .map((key) => ({ key, ...memory.get(key) }))
    .filter(({ key, at }) => key === HERE || Date.now() - at > STALE)
    .sort((one, other) => other.at - one.at);
  const typed = fields();
  const isHere = (held) => isSame(held.fields ?? {}, typed);
  for (const held of found.filter(isHere)) memory.drop(held.key);
  const newest = found.find((held) => !isHere(held));
  if (newest) offer(newest);
}

function offer(held) {
  const time = new Date(held.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const take = button("Take it up again", () => {
    place.hidden = true;
    memory.drop(held.key);
    form.elements.seen.value = held.seen;
    fill(held.fields);
  });
  const drop = button("Throw it away", () => {
    place.hidden = true;
    memory.drop(held.key);
  });
  say(`This browser holds what you typed here, ${time}${held.isSent ? "" : ", and the server never got"}.`, take, drop);
}
