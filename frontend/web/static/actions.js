// Cancel, retry and delete jobs, on every page that shows some.

import { announce } from "./announce.js";
import { request } from "./api.js";

function confirmed() {
  const dialog = document.getElementById("confirm");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), { once: true });
  });
}

function removeCard(card) {
  const next = card.nextElementSibling ?? card.previousElementSibling;
  const focused = next?.querySelector("a") ?? document.getElementById("main");
  card.remove();
  focused.focus();
  announce("Deleted");
}

const ACTIONS = {
  async cancel(jobId) {
    await request(`jobs/${jobId}/cancel`, { method: "POST" });
  },
  async retry(jobId) {
    const again = await request(`jobs/${jobId}/retry`, { method: "POST" });
    location.assign(`preview/${again.job_id}`);
  },
  async delete(jobId, button) {
    if (!(await confirmed())) return;
    await request(`jobs/${jobId}`, { method: "DELETE" });
    const card = button.closest(".clip");
    if (card) removeCard(card);
    else location.assign(button.closest("#video").dataset.afterDelete);
  },
};

function showError(message) {
  const error = document.getElementById("action-error") ?? document.getElementById("error");
  error.textContent = message;
  error.hidden = false;
  error.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-action]");
  if (!button || button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  try {
    await ACTIONS[button.dataset.action](button.dataset.jobId, button);
  } catch (error) {
    showError(error.message);
  }
  button.ariaDisabled = "false";
});
