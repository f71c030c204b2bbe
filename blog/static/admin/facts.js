// Asks what a pasted link is, and fills in what is empty. Nothing is asked when a page is opened: whoever
// makes the author follow a link to this form must not make the blog fetch anything by it.

import { ask, insert, set, told } from "./ask.js";
import { form } from "./form.js";

const LABELS = { title: "the title", citation: "whose words they are", context: "where they stand" };
const place = form.querySelector("[data-facts]");
const button = place.querySelector("[data-look-up]");
const asking = place.querySelector("[data-asking]");
const before = place.querySelector("[data-before]");
const found = place.querySelector("[data-found]");
const url = form.elements.namedItem("url");
// What was put into a field here; as long as that still stands there, it may be put right again.
const filled = new Map();

let asked = url.value.trim();
let offered = null;
let request = null;

for (const how of ["paste", "drop"]) url.addEventListener(how, () => setTimeout(changed));
url.addEventListener("change", changed);
button.addEventListener("click", (event) => {
  event.preventDefault();
  if (request) cancel();
  else lookUp();
});
form.addEventListener("change", (event) => {
  if (event.target.name === "kind" && offered) say(fillIn());
});
found.addEventListener("click", takeUp);
arrange();
url.addEventListener("input", arrange);

function changed() {
  if (url.value.trim() === asked) return;
  cancel("");
  if (/^https?:\/\/[^\s/]+\.?\S*$/i.test(url.value.trim())) lookUp();
}

function arrange() {
  button.hidden = !url.value.trim();
}

async function lookUp() {
  asked = url.value.trim();
  const mine = (request = new AbortController());
  found.replaceChildren();
  button.textContent = "Cancel";
  say(`Asking ${hostOf(asked)} …`);
  sayBefore(asked, mine.signal);
  try {
    const said = await ask("/admin/facts", { url: asked, entry: form.dataset.entry ?? "" }, mine.signal);
    offered = said.fields;
    before.innerHTML = said.before;
    found.innerHTML = said.html;
    say(fillIn());
  } catch (error) {
    if (error.name !== "AbortError") say(error.message);
  } finally {
    if (request === mine) over();
  }
}

function over() {
  request = null;
  button.textContent = "Look it up";
}

function cancel(words = "Not asked any more.") {
  if (!request) return;
  request.abort();
  over();
  say(words);
}

// The blog itself knows at once what it has linked before.
async function sayBefore(address, signal) {
  const query = new URLSearchParams({ url: address, entry: form.dataset.entry ?? "" });
  try {
    before.innerHTML = (await told(await fetch(`/admin/linked-before?${query}`, { signal }))).html;
  } catch {
    // The other answer says it too, or why it cannot.
  }
}

function fillIn() {
  const wanted = offered[form.elements.kind.value] ?? {};
  for (const [name, value] of filled) {
    const field = form.elements.namedItem(name);
    if (!(name in wanted) && field.value === value) set(field, "");
  }
  const names = [];
  for (const [name, value] of Object.entries(wanted)) {
    const field = form.elements.namedItem(name);
    if (field.value === value || (field.value.trim() && field.value !== filled.get(name))) continue;
    set(field, value);
    filled.set(name, value);
    names.push(LABELS[name]);
  }
  return names.length ? `Filled in: ${names.join(", ")}.` : "";
}

function takeUp(event) {
  const pressed = event.target.closest("button");
  if (!pressed) return;
  event.preventDefault();
  if (pressed.name === "use_url") {
    asked = pressed.value;
    set(url, pressed.value);
    say("It has its own address now.");
  } else {
    insert(form.elements.body, quoted(pressed.value));
    say("Quoted.");
  }
  pressed.closest("p").remove();
}

function quoted(words) {
  const isQuote = form.elements.kind.value !== "quotation" && form.elements.markup.value === "markdown";
  return isQuote ? `> ${words}\n\n` : words;
}

function say(words) {
  asking.textContent = words;
}

function hostOf(address) {
  try {
    return new URL(address.includes("://") ? address : `https://${address}`).host;
  } catch {
    return "it";
  }
}
