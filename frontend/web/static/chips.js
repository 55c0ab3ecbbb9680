// Chips put the words that the model knows into the prompt, and show which of them it has.

import { choose, find } from "./phrases.js";

export function connectChips(prompt) {
  const buttons = [...document.querySelectorAll(".chip")];
  const groups = {};
  for (const button of buttons) {
    const { group } = button.closest("[data-group]").dataset;
    (groups[group] ??= []).push({ phrase: button.dataset.phrase, pattern: button.dataset.pattern, button });
  }
  const show = () => {
    for (const name of Object.keys(groups)) {
      const found = find(prompt.value, groups, name);
      for (const chip of groups[name]) chip.button.setAttribute("aria-pressed", String(chip === found?.chip));
    }
  };
  for (const [name, chips] of Object.entries(groups)) {
    for (const chip of chips) {
      chip.button.addEventListener("click", () => {
        prompt.value = choose(prompt.value, groups, name, chip);
        show();
      });
    }
  }
  prompt.addEventListener("input", show);
  if (buttons.length) show();
}
