// Says in words what time was typed, on the blog's clock; with one in the future, publishing is scheduling.

import { form, paused } from "./form.js";

const field = form.elements.date;
const place = form.querySelector("[data-when]");
const publish = form.querySelector('button[name="action"][value="publish"]');

field.addEventListener("input", paused(250, say));
if (field.value) say();

async function say() {
  const typed = field.value;
  if (!typed) return tell("", false);
  try {
    const response = await fetch(`/admin/when?at=${encodeURIComponent(typed)}`, { headers: { Accept: "application/json" } });
    const said = await response.json();
    if (typed === field.value) tell(said.error ?? `${said.words}. ${said.remark}`.trim(), said.future ?? false);
  } catch {
    tell("", false);
  }
}

function tell(words, isFuture) {
  place.textContent = words && words[0].toUpperCase() + words.slice(1);
  if (!publish) return;
  publish.value = isFuture ? "schedule" : "publish";
  publish.textContent = isFuture ? "Schedule" : "Publish";
}
