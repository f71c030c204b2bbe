// Shows how far an import is, asking once a second; when it is done, the page says how it went.

const box = document.getElementById("progress");
const bar = box?.querySelector("progress");
const words = box?.querySelector(".how-far");
const number = new Intl.NumberFormat(document.documentElement.lang || "en");

function show({ done, expected }) {
  words.textContent = number.format(done) + (expected ? ` of ${number.format(expected)}` : "");
  if (expected) bar.value = Math.min(1, done / expected);
}

async function look() {
  try {
    const answer = await fetch(box.dataset.address, { headers: { Accept: "application/json" } });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    const run = await answer.json();
    if (!run.goes_on) return location.reload();
    show(run);
  } catch {
    words.textContent = "The server does not answer; trying again …";
  }
  setTimeout(look, 1000);
}

if (box) look();
