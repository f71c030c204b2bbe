// Keys for readers. Everything here can be done without it, by links and by the browser's own keys.
const STORED = "crosstag.keys";
const KEYS = [
  [["j", "k"], "next entry, previous entry"],
  [["o", "Enter"], "open the entry"],
  [["n", "p"], "next page, previous page"],
  [["/"], "search"],
  [["?"], "these keys"],
  [["Esc"], "close, or leave the search"],
];
const entries = [...document.querySelectorAll("main .entry:not(.whole), main .parts > li")];
let dialog;

// Whoever speaks to the computer, or rests a hand on it, has to be able to turn single keys off (WCAG 2.1.4).
function areOn() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
}

function turn(isOn) {
  try {
    if (isOn) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, "off");
  } catch {
    // A browser that keeps nothing asks again on the next page.
  }
}

function element(name, values = {}, ...children) {
  const made = Object.assign(document.createElement(name), values);
  made.append(...children);
  return made;
}

function explain() {
  dialog ??= document.body.appendChild(explanation());
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

function explanation() {
  const list = element("dl");
  for (const [names, what] of KEYS) {
    const named = names.flatMap((name, at) => [...(at ? [" "] : []), element("kbd", { textContent: name })]);
    list.append(element("div", {}, element("dt", {}, ...named), element("dd", { textContent: what })));
  }
  const box = element("input", { type: "checkbox", checked: areOn() });
  box.addEventListener("change", () => turn(box.checked));
  const title = element("h2", { id: "keys-title", textContent: "Keys" });
  const close = element("form", { method: "dialog" }, element("button", { textContent: "Close" }));
  const made = element("dialog", { className: "keys" }, title, list, element("label", {}, box, " Listen to these keys"), close);
  made.setAttribute("aria-labelledby", title.id);
  made.addEventListener("click", (event) => event.target === made && made.close());
  return made;
}

// The entry that has the focus, else the one before the first that begins in the window.
function place() {
  const focused = entries.findIndex((entry) => entry.contains(document.activeElement));
  if (focused >= 0) return focused;
  const seen = entries.findIndex((entry) => entry.getBoundingClientRect().top >= 0);
  return seen < 0 ? entries.length : seen - 0.5;
}

function leads(entry) {
  return entry.querySelector(".entry-title a:not(.label), h2 a") ?? entry.querySelector(".when");
}

function go(step) {
  const to = entries[step > 0 ? Math.floor(place() + 1) : Math.ceil(place() - 1)];
  if (!to) return;
  leads(to).focus({ preventScroll: true });
  to.scrollIntoView({ block: "start", behavior: "instant" });
}

function open() {
  const entry = entries.find((one) => one.contains(document.activeElement));
  if (entry) leads(entry).click();
}

function turnPage(rel) {
  const inOrder = [".pagination", ".periods", ".neighbours"].map((list) => `main ${list} a[rel="${rel}"]`);
  inOrder.map((link) => document.querySelector(link)).find(Boolean)?.click();
}

function search() {
  const field = document.getElementById("q");
  field.focus();
  field.select();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll(".chip details[open]")) {
    if (menu.contains(except)) continue;
    // The focus may not stay on what is hidden.
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
}

const actions = {
  j: () => go(1),
  k: () => go(-1),
  o: open,
  n: () => turnPage("next"),
  p: () => turnPage("prev"),
  "/": search,
  "?": explain,
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeMenus();
    if (event.target.id === "q") event.target.blur();
    return;
  }
  const isTyped = event.target.closest("input, textarea, select, [contenteditable]");
  if (isTyped || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !areOn()) return;
  if (!Object.hasOwn(actions, event.key) || (dialog?.open && event.key !== "?")) return;
  event.preventDefault();
  actions[event.key]();
});

document.addEventListener("click", (event) => closeMenus(event.target));

// What scrolls inside itself has to be reached by keys too; not every browser sees to that.
for (const box of document.querySelectorAll(".body :is(pre, table)")) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}

// Touch screens have no keys to explain.
const foot = document.querySelector(".colophon ul");
if (foot && matchMedia("(hover: hover)").matches) {
  const button = element("button", { type: "button", textContent: "Keys" });
  button.addEventListener("click", explain);
  foot.append(element("li", {}, button));
}
