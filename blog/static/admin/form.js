// What the scripts of the entry form share: the form, its fields as they are now, and asking the server.

export const form = document.querySelector("[data-entry-form]");

// Names that are the form's own, and no fields of an entry.
const OWN = new Set(["csrf_token", "form", "version", "seen", "entry", "action"]);

export function fields() {
  const typed = {};
  for (const [name, value] of new FormData(form)) {
    if (!OWN.has(name) && typeof value === "string") typed[name] = value;
  }
  return typed;
}

// The fields as the server sent them: somebody may have typed before the scripts were there.
export function sent() {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || OWN.has(field.name)) continue;
    if (field.type === "radio") {
      if (field.defaultChecked) values[field.name] = field.value;
    } else if (field instanceof HTMLSelectElement) {
      values[field.name] = ([...field.options].find((one) => one.defaultSelected) ?? field.options[0]).value;
    } else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
      values[field.name] = field.defaultValue;
    }
  }
  return values;
}

// Puts what was kept somewhere back into the form; the other scripts hear of it.
export function fill(typed) {
  for (const [name, value] of Object.entries(typed)) {
    const field = form.elements.namedItem(name);
    if (!field || OWN.has(name) || field.value === value) continue;
    field.value = value;
    const changed = field instanceof RadioNodeList ? form.querySelector(`[name="${name}"]:checked`) : field;
    changed?.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

export function post(address, body, options = {}) {
  const headers = { "X-CSRFToken": form.elements.csrf_token.value, Accept: "application/json" };
  return fetch(address, { method: "POST", credentials: "same-origin", headers, body, ...options });
}

// Calls once nothing has called it for so long.
export function paused(milliseconds, call) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, milliseconds);
  };
}

// What this browser remembers; where it refuses to, nothing is remembered, and everything else works.
export const memory = {
  get(key) {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // No room, or none is given.
    }
  },
  drop(key) {
    try {
      localStorage.removeItem(key);
    } catch {
      // There was nothing.
    }
  },
  keys(prefix) {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
    } catch {
      return [];
    }
  },
};
