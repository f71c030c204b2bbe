// The live preview: the real page in a frame beside the text, made anew by the server after each pause.

import { form, memory, paused, post } from "./form.js";

const CHOICE = "crosstag.preview";
const aside = document.querySelector("[data-preview]");
const writing = aside.parentElement;
const isWide = matchMedia("(min-width: 1100px)");
const shows = form.querySelector("[data-preview-button]");
let frame = null;
let asking = null;

const refreshed = paused(500, refresh);
form.addEventListener("input", refreshed);
isWide.addEventListener("change", arrange);
shows.addEventListener("click", (event) => {
  if (!isWide.matches) return;
  event.preventDefault();
  memory.set(CHOICE, aside.hidden ? "shown" : "hidden");
  arrange();
});
arrange();

function arrange() {
  const isShown = isWide.matches && memory.get(CHOICE) !== "hidden";
  aside.hidden = !isShown;
  writing.classList.toggle("with-live", isShown);
  shows.textContent = isWide.matches ? (isShown ? "Hide the preview" : "Preview") : "Preview";
  if (isShown) refresh();
}

async function refresh() {
  if (aside.hidden) return;
  asking?.abort();
  asking = new AbortController();
  try {
    const response = await post("/admin/preview?frame", new FormData(form), { signal: asking.signal });
    if (response.ok) show(await response.text());
  } catch {
    // Asked again meanwhile, or without a network: what is shown stays.
  }
}

function show(page) {
  if (!frame) {
    frame = document.createElement("iframe");
    frame.title = "Preview";
    // Nothing in it may run; being of the same origin lets this script keep the place in it.
    frame.setAttribute("sandbox", "allow-same-origin");
    frame.addEventListener("load", () => frame.contentDocument.addEventListener("click", stay));
    frame.srcdoc = page;
    aside.append(frame);
    return;
  }
  const body = new DOMParser().parseFromString(page, "text/html").body;
  frame.contentDocument.body.replaceWith(frame.contentDocument.adoptNode(body));
}

// A link in the preview opens beside the form, and not in place of the preview.
function stay(event) {
  const link = event.target.closest?.("a[href]");
  if (!link) return;
  event.preventDefault();
  if (/^https?:$/.test(link.protocol) && !link.hash) open(link.href, "_blank", "noopener");
}
