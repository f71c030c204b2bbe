// A picture that is dropped on the text, pasted into it or chosen is sent at once; meanwhile the author says
// what is to be seen on it, and it goes where the cursor is.

import { element, insert, sentence, set, told, token } from "./ask.js";
import { form } from "./form.js";

const MOST = 20_000_000;
const area = form.elements.body;
const drawer = form.querySelector("[data-upload]");
const beside = form.querySelector("[data-entry-picture]");
const uploads = element("div", { className: "uploads" });

let panels = 0;

drawer.after(uploads);
area.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  area.classList.add("dropping");
});
for (const name of ["dragleave", "drop"]) area.addEventListener(name, () => area.classList.remove("dropping"));
area.addEventListener("drop", (event) => {
  if (event.dataTransfer.files.length) take(event, event.dataTransfer.files);
});
area.addEventListener("paste", (event) => {
  // Some programs copy a text as a picture, too; then the text is meant.
  if (event.clipboardData.files.length && !event.clipboardData.types.includes("text/plain")) {
    take(event, event.clipboardData.files);
  }
});
chosenBy(drawer, (file) => {
  drawer.open = false;
  intoText(file);
});
chosenBy(beside, besideText);

function take(event, files) {
  event.preventDefault();
  for (const file of files) intoText(file);
}

// Choosing is enough; the fields and the button that do it without a script are not needed.
function chosenBy(place, act) {
  const input = place.querySelector("input[type=file]");
  place.querySelector("button").parentElement.hidden = true;
  for (const other of place.querySelectorAll("input:not([type=file])")) other.closest(".field").hidden = true;
  input.addEventListener("change", () => {
    const [file] = input.files;
    // Else it would be sent with every preview.
    input.value = "";
    if (file) act(file);
  });
}

async function intoText(file) {
  const made = panel(file);
  uploads.append(made.root);
  made.alt.focus();
  const sending = sent(file, made.alt.value, made.progress);
  made.root.querySelector("[data-cancel]").addEventListener("click", () => {
    sending.stop();
    gone(made);
  });
  try {
    const [picture] = await Promise.all([sending.done.then(arrived), made.agreed]);
    const alt = made.alt.value.trim();
    insert(area, (await described(picture, alt)).markdown);
    gone(made);
  } catch (error) {
    made.fail(error.message);
  }

  function arrived(picture) {
    made.say("It is here.");
    if (!made.alt.value) made.alt.value = picture.alt;
    return picture;
  }
}

async function described(picture, alt) {
  if (!alt || alt === picture.alt) return picture;
  const headers = { "X-CSRFToken": token(), Accept: "application/json" };
  const body = new URLSearchParams({ alt });
  return told(await fetch(`/admin/media/${picture.id}`, { method: "POST", headers, body }));
}

function panel(file) {
  panels += 1;
  const shown = element("img", { src: URL.createObjectURL(file), alt: "" });
  const alt = element("input", { type: "text", id: `alt-${panels}`, autocomplete: "off", maxLength: 1000 });
  const label = element("label", { htmlFor: alt.id, textContent: "What is to be seen on it?" });
  const hint = element("span", { className: "hint", textContent: "For those who do not see it. Left empty, it is decoration." });
  const progress = element("progress", { max: 1, value: 0 });
  progress.setAttribute("aria-label", `Sending ${file.name}`);
  const status = element("span", { className: "asking" });
  status.setAttribute("role", "status");
  const put = element("button", { type: "button", className: "primary", textContent: "Put it in" });
  const cancel = element("button", { type: "button", textContent: "Cancel" });
  cancel.dataset.cancel = "";
  const fields = element("div", {}, element("p", { className: "field" }, label, alt, hint), progress, element("p", { className: "do" }, put, cancel, status));
  const root = element("div", { className: "upload" }, shown, fields);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", `The picture ${file.name}`);
  const say = (words) => (status.textContent = words);
  let hasFailed = false;
  const agreed = new Promise((agree) => {
    const now = () => {
      // Who presses Enter after that is not to lose what was said.
      if (hasFailed) return;
      put.disabled = true;
      say("It goes in as soon as it is here.");
      agree();
    };
    put.addEventListener("click", now);
    alt.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      now();
    });
  });
  const fail = (words) => {
    hasFailed = true;
    status.setAttribute("role", "alert");
    status.classList.add("wrong");
    progress.remove();
    put.remove();
    cancel.textContent = "Close";
    say(words);
  };
  return { root, alt, progress, agreed, say, fail, shown };
}

function gone(made) {
  URL.revokeObjectURL(made.shown.src);
  const isHere = made.root.contains(document.activeElement);
  made.root.remove();
  if (isHere) area.focus();
}

async function besideText(file) {
  beside.querySelector(".upload-state")?.remove();
  const progress = element("progress", { max: 1, value: 0 });
  progress.setAttribute("aria-label", `Sending ${file.name}`);
  const status = element("span", { className: "asking" });
  status.setAttribute("role", "status");
  const state = element("p", { className: "upload-state" }, progress, status);
  beside.append(state);
  try {
    const picture = await sent(file, form.elements.image_alt.value, progress).done;
    set(form.elements.image_url, picture.address);
    if (!form.elements.image_alt.value) set(form.elements.image_alt, picture.alt);
    beside.querySelector(".shown")?.remove();
    beside.prepend(element("p", { className: "shown" }, element("img", { src: picture.address, alt: "" })));
    status.textContent = "It is here.";
    if (!form.elements.image_alt.value) form.elements.image_alt.focus();
  } catch (error) {
    status.classList.add("wrong");
    status.textContent = error.message;
  }
  progress.remove();
}

// By XMLHttpRequest: nothing else tells how much is sent.
function sent(file, alt, progress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    if (file.size > MOST) return reject(new Error(sentence(413)));
    const body = new FormData();
    body.append("picture", file);
    body.append("alt", alt);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress.value = event.loaded / event.total;
    });
    request.addEventListener("load", () => {
      const said = request.response ?? {};
      if (request.status === 201) resolve(said);
      else reject(new Error(said.error ?? sentence(request.status)));
    });
    request.addEventListener("error", () => reject(new Error(sentence(0))));
    request.open("POST", "/admin/media");
    request.responseType = "json";
    request.setRequestHeader("X-CSRFToken", token());
    request.setRequestHeader("Accept", "application/json");
    request.send(body);
  });
  return { done, stop: () => request.abort() };
}
