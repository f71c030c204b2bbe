// Choosing tags: a combobox as the ARIA Authoring Practices describe it, with the chosen tags before it and
// suggested ones below. The field that is sent stays what it is without a script: names with commas.

import { ask, element, set } from "./ask.js";
import { form, paused } from "./form.js";

const READ = ["title", "url", "body"];
const field = form.elements.namedItem("tags");
const offers = form.querySelector("[data-tags]");
const input = element("input", { type: "text", id: "tags-one", autocomplete: "off", spellcheck: false });
const list = element("ul", { id: "tags-list", className: "options", hidden: true });
const chips = element("ul", { className: "chips" });
const box = element("div", { className: "tag-box" }, chips, input);
const spoken = element("p", { className: "unseen" });

let chosen = split(field.value).map((name) => ({ name }));
let options = [];
let active = -1;
let completing = null;
let describing = null;
let isOurs = false;

arrange();
draw();
describe();

const describeSoon = paused(150, describe);
const describeLater = paused(700, describe);
const completeSoon = paused(100, complete);

input.addEventListener("input", typed);
input.addEventListener("keydown", pressed);
input.addEventListener("blur", () => {
  if (input.value.trim()) take(input.value);
  close();
});
box.addEventListener("mousedown", (event) => {
  if (event.target === box || event.target === chips) {
    event.preventDefault();
    input.focus();
  }
});
// Before the field loses the focus, and with it what was typed.
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) choose(options[[...list.children].indexOf(option)]);
});
form.addEventListener("input", (event) => {
  if (READ.includes(event.target.name)) describeLater();
  // Something else has put tags into the field: a text that was kept, say.
  if (event.target === field && !isOurs) {
    chosen = split(field.value).map((name) => ({ name }));
    draw();
    describeSoon();
  }
});

function arrange() {
  const old = field.closest(".field");
  const holder = element("div", { className: old.className }, ...old.childNodes);
  old.replaceWith(holder);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("autocapitalize", "none");
  for (const name of ["aria-invalid", "aria-describedby"]) {
    if (field.hasAttribute(name)) input.setAttribute(name, field.getAttribute(name));
  }
  const hint = holder.querySelector(".hint");
  if (hint) hint.textContent = "Enter or a comma takes what is typed; the arrow keys choose.";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Tags that fit");
  chips.setAttribute("aria-label", "Chosen tags");
  spoken.setAttribute("role", "status");
  holder.querySelector("label").htmlFor = input.id;
  field.type = "hidden";
  field.after(box, list);
  holder.append(spoken);
}

// As the server reads them.
function split(text) {
  const names = text.split(/[,\n]/).map((name) => name.trim().replace(/\s+/g, " ").replace(/^#/, ""));
  return [...new Set(names)].filter(Boolean);
}

function typed() {
  if (/[,\n]/.test(input.value)) {
    const names = input.value.split(/[,\n]/);
    const rest = names.pop();
    names.forEach(take);
    input.value = rest.trimStart();
  }
  keep();
  if (input.value.trim()) completeSoon();
  else close();
}

function pressed(event) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = KEYS[event.key];
  if (act?.(event)) event.preventDefault();
}

// Each tells whether the key has done what it is for here.
const KEYS = {
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  Enter: () => {
    if (active >= 0) choose(options[active]);
    else takeTyped();
    // In a form one Enter too many must not save.
    return true;
  },
  Tab: (event) => {
    if (event.shiftKey || !input.value.trim()) return false;
    if (options.length) choose(options[Math.max(active, 0)]);
    else takeTyped();
    return true;
  },
  Escape: () => {
    if (list.hidden && !input.value) return false;
    if (list.hidden) {
      input.value = "";
      keep();
    }
    close();
    return true;
  },
  Backspace: () => {
    if (input.value || !chosen.length) return false;
    remove(chosen.at(-1));
    return true;
  },
};

function takeTyped() {
  const name = input.value;
  input.value = "";
  take(name);
  close();
}

function take(name) {
  for (const one of split(name)) add(one);
  if (input.value === name) input.value = "";
  keep();
}

function add(name) {
  if (chosen.some((one) => one.name.toLowerCase() === name.toLowerCase())) return;
  chosen.push({ name, isTyped: true });
  say(`${name} is added.`);
  draw();
  describeSoon();
}

function remove(one) {
  chosen = chosen.filter((other) => other !== one);
  say(`${one.name} is taken away.`);
  draw();
  keep();
  describeSoon();
}

function choose(option) {
  input.value = "";
  add(nameOf(option));
  keep();
  close();
  input.focus();
}

// A name with a comma in it is written as its slug.
function nameOf({ name, slug }) {
  return name.includes(",") ? slug : name;
}

// What is typed and not taken yet counts too: nobody has to press a key more before saving.
function keep() {
  const text = split([...chosen.map((one) => one.name), input.value].join(",")).join(", ");
  if (text === field.value) return;
  isOurs = true;
  set(field, text);
  isOurs = false;
}

function draw() {
  chips.replaceChildren(...chosen.map(chip));
  chips.hidden = !chosen.length;
}

function chip(one) {
  const away = element("button", { type: "button", textContent: "×" });
  away.setAttribute("aria-label", `Take ${one.name} away`);
  away.addEventListener("click", () => {
    remove(one);
    input.focus();
  });
  const made = element("li", { className: "chip" }, element("span", { textContent: one.name }));
  if (one.is_new) made.append(element("span", { className: "mark", textContent: "new" }));
  if (one.problem) made.append(element("span", { className: "mark wrong", textContent: "not a tag", title: one.problem }));
  made.append(away);
  return made;
}

// --- The list

async function complete() {
  completing?.abort();
  const mine = (completing = new AbortController());
  const asked = input.value.trim();
  const text = `${form.elements.title.value}\n${form.elements.body.value}`;
  try {
    const values = { typed: asked, text, chosen: chosen.map((one) => one.name).join(",") };
    const said = await ask("/admin/tags.json", values, mine.signal);
    if (input.value.trim() === asked && document.activeElement === input) open(said.completions);
  } catch {
    // Typing goes on without completions.
  }
}

function open(found) {
  options = found;
  active = -1;
  list.replaceChildren(...found.map(option));
  list.hidden = !found.length;
  input.setAttribute("aria-expanded", String(!list.hidden));
  input.removeAttribute("aria-activedescendant");
  if (found.length) list.scrollIntoView({ block: "nearest" });
  say(found.length ? `${found.length} ${found.length === 1 ? "tag fits" : "tags fit"}.` : "No tag is called that yet.");
}

function close() {
  completing?.abort();
  options = [];
  active = -1;
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

function option({ name, count, old_name: old }, index) {
  const made = element("li", { id: `tags-option-${index}` }, element("span", { textContent: name }));
  if (old) made.append(element("span", { className: "hint", textContent: `was ${old}` }));
  made.append(element("span", { className: "count", textContent: count.toLocaleString("en") }));
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", "false");
  return made;
}

function move(step) {
  if (list.hidden) {
    complete();
    return true;
  }
  const rows = [...list.children];
  rows[active]?.setAttribute("aria-selected", "false");
  // Beyond either end is the field itself.
  active = active + step < -1 ? rows.length - 1 : active + step >= rows.length ? -1 : active + step;
  rows[active]?.setAttribute("aria-selected", "true");
  rows[active]?.scrollIntoView({ block: "nearest" });
  if (active >= 0) input.setAttribute("aria-activedescendant", rows[active].id);
  else input.removeAttribute("aria-activedescendant");
  return true;
}

// --- What the chosen tags are, and which others may fit

async function describe() {
  describing?.abort();
  describing = new AbortController();
  const values = Object.fromEntries(READ.map((name) => [name, form.elements[name].value]));
  values.tags = chosen.map((one) => one.name).join(",");
  try {
    const said = await ask("/admin/tags/suggest", values, describing.signal);
    // Opening a form changes nothing in it: only a name that was typed here is put right.
    if (said.chosen.filter(know).length) keep();
    draw();
    suggest(said.suggestions);
  } catch (error) {
    if (error.name !== "AbortError") offers.replaceChildren();
  }
}

// Tells whether the tag is called otherwise than it was typed.
function know(told) {
  const one = chosen.find((other) => other.name === told.typed);
  if (!one) return false;
  Object.assign(one, { is_new: told.is_new, problem: told.problem, slug: told.slug });
  if (!one.isTyped || told.is_new || told.problem || one.name === nameOf(told)) return false;
  if (told.is_old_name) say(`${one.name} is called ${told.name} now.`);
  one.name = nameOf(told);
  chosen = chosen.filter((other, at) => other.slug !== one.slug || chosen.findIndex((first) => first.slug === one.slug) === at);
  return true;
}

function suggest(found) {
  if (!found.length) return offers.replaceChildren();
  const row = element("div", { className: "suggested" }, element("span", { className: "hint", textContent: "These may fit:" }));
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Suggested tags");
  row.append(...found.map(suggestion));
  offers.replaceChildren(row);
}

function suggestion(one) {
  const name = element("b", { textContent: one.name });
  const made = element("button", { type: "button" }, name, element("span", { className: "hint", textContent: one.reason }));
  made.addEventListener("click", () => {
    // Those who go by keyboard go on where they were.
    const next = made.nextElementSibling ?? made.previousElementSibling;
    made.remove();
    (next?.tagName === "BUTTON" ? next : input).focus();
    add(nameOf(one));
    keep();
  });
  return made;
}

function say(words) {
  spoken.textContent = words;
}
