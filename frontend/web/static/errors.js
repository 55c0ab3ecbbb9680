// Show errors beside the field that they are about. The service's sentences begin with its name.

const FIELDS = { width: "size", height: "size", resolution: "size" };

// Return the name of the field that a message is about, or null.
export function fieldOf(message) {
  const word = message.split(/[ :]/, 1)[0].toLowerCase();
  const name = FIELDS[word] ?? word;
  return document.getElementById(`${name}-error`) ? name : null;
}

const controls = (name) => document.querySelectorAll(`#generate [name=${name}]`);

export function clearFields(names) {
  for (const name of names) {
    const error = document.getElementById(`${name}-error`);
    if (error) error.hidden = true;
    controls(name).forEach((control) => control.removeAttribute("aria-invalid"));
  }
}

export function clearErrors() {
  document.getElementById("error").hidden = true;
  clearFields([...document.querySelectorAll("#generate [name]")].map((control) => control.name));
}

// Return the control that the error is about, if it is about one.
export function showError(message) {
  const name = fieldOf(message);
  const error = document.getElementById(name ? `${name}-error` : "error") ?? document.getElementById("action-error");
  error.textContent = message;
  error.hidden = false;
  error.closest("details")?.setAttribute("open", "");
  if (!name) return null;
  controls(name).forEach((control) => control.setAttribute("aria-invalid", "true"));
  return controls(name)[0];
}
