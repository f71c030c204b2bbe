// Keys for the inbox. Everything here can be done without it.

const items = [...document.querySelectorAll(".waiting > li")];
let here = -1;

function go(to) {
  if (!items[to]) return;
  items[here]?.classList.remove("here");
  here = to;
  items[here].classList.add("here");
  items[here].querySelector("h2 a").focus({ preventScroll: true });
  items[here].scrollIntoView({ block: "nearest" });
}

function press(what) {
  items[here]?.querySelector(what).click();
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const actions = {
    j: () => go(Math.min(here + 1, items.length - 1)),
    k: () => go(Math.max(here - 1, 0)),
    x: () => press(".pick input"),
    p: () => press("[name=publish]"),
    e: () => press(".write"),
    d: () => press("[name=draft]"),
    "#": () => press("[name=discard]"),
  };
  if (!Object.hasOwn(actions, event.key)) return;
  event.preventDefault();
  actions[event.key]();
});
