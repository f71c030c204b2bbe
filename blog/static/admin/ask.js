// Asking the server, and being told in a sentence what went wrong; and putting text where the cursor is.

import { form } from "./form.js";

const AWAY = "The blog could not be reached.";
const SIGNED_OUT = "You are signed out. Sign in in another tab, and try again here.";

export const token = () => form.elements.csrf_token.value;

export async function ask(address, values, signal) {
  const headers = { "X-CSRFToken": token(), "Content-Type": "application/json", Accept: "application/json" };
  const asked = { method: "POST", headers, body: JSON.stringify(values), signal };
  return told(await fetch(address, asked).catch(failed));
}

export async function told(response) {
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  const said = isJson ? await response.json().catch(failed) : {};
  if (!response.ok) throw new Error(said.error ?? sentence(response.status));
  return said;
}

export function sentence(status) {
  if (status === 0) return AWAY;
  if (status === 413) return "The picture has more than 20 MB.";
  return status === 400 || status === 401 || status === 403 ? SIGNED_OUT : "The blog could not do this. Try again.";
}

function failed(error) {
  throw error.name === "AbortError" ? error : new Error(AWAY);
}

export function set(field, value) {
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// Puts a block into a text at its cursor, apart from the line before it. It can be undone by the keyboard.
export function insert(area, block) {
  const before = area.value.slice(0, area.selectionStart);
  const after = area.value.slice(area.selectionEnd);
  const isAtEnd = after === "" || after.startsWith("\n");
  const gap = !isAtEnd || before === "" || before.endsWith("\n\n") ? "" : before.endsWith("\n") ? "\n" : "\n\n";
  area.focus();
  // The one way that browsers have to change a text so that it can be undone.
  if (!document.execCommand("insertText", false, gap + block)) {
    area.setRangeText(gap + block, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
