// Beside each piece of Markdown a button that copies it.

for (const place of document.querySelectorAll("[data-copy]")) {
  const field = place.querySelector("input");
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: "Copy" });
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
    } catch {
      // Not over plain HTTP: it is selected, and the keyboard copies it.
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  place.append(button);
}
