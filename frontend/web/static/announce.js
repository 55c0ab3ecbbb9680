// Tell users of screen readers what happened elsewhere on the page.

export function announce(text) {
  document.getElementById("announcement").textContent = text;
}
