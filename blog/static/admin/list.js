// Keys and counting for the list of entries. Everything here can be done without it.
const rows = [...document.querySelectorAll("[data-keys] tbody tr")];
const boxes = rows.map((row) => row.querySelector(".pick input"));
const everyBox = document.querySelector("[data-tick-all]");
const told = document.querySelector("[data-ticked]");
const keys = document.querySelector("[data-keys-told]");
let here = -1;
let last = -1;

function tell() {
  const count = boxes.filter((box) => box.checked).length;
  if (told) told.textContent = count ? `(${count})` : "";
  if (!everyBox) return;
  everyBox.checked = count === boxes.length;
  everyBox.indeterminate = count > 0 && count < boxes.length;
}

function go(to) {
  if (!rows[to]) return;
  rows[here]?.classList.remove("here");
  here = to;
  rows[here].classList.add("here");
  rows[here].querySelector(".name a").focus({ preventScroll: true });
  rows[here].scrollIntoView({ block: "nearest" });
}

function tick(place, is_on, from) {
  const [start, end] = from >= 0 ? [Math.min(from, place), Math.max(from, place)] : [place, place];
  for (let at = start; at <= end; at += 1) boxes[at].checked = is_on;
  last = place;
  tell();
}

if (everyBox) {
  everyBox.hidden = false;
  everyBox.addEventListener("change", () => {
    for (const box of boxes) box.checked = everyBox.checked;
    tell();
  });
}

boxes.forEach((box, place) => {
  box.addEventListener("click", (event) => tick(place, box.checked, event.shiftKey ? last : -1));
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const actions = {
    j: () => go(Math.min(here + 1, rows.length - 1)),
    k: () => go(Math.max(here - 1, 0)),
    x: () => here >= 0 && tick(here, !boxes[here].checked, -1),
    X: () => here >= 0 && tick(here, true, last),
    e: () => here >= 0 && rows[here].querySelector(".name a").click(),
    "?": () => keys?.showModal(),
  };
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
});

tell();
