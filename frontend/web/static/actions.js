// Cancel, retry and delete jobs, on every page that shows some.

import { announce } from "./announce.js";
import { request } from "./api.js";
import { removeCard } from "./cards.js";

function confirmed() {
  const dialog = document.getElementById("confirm");
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), { once: true });
  });
}

const ACTIONS = {
  async cancel(jobId) {
    await request(`jobs/${jobId}`, { method: "DELETE" });
  },
  async retry(jobId) {
    const again = await request(`jobs/${jobId}/retry`, { method: "POST" });
    location.assign(`preview/${again.job_id}`);
  },
  async delete(jobId, button) {
    const isCard = Boolean(button.closest(".clip"));
    if (!(await confirmed())) return;
    await request(`jobs/${jobId}`, { method: "DELETE" });
    if (!isCard) {
      location.assign(button.closest("#video").dataset.afterDelete);
      return;
    }
    removeCard(document.getElementById(`job-${jobId}`)); // it may have been replaced meanwhile
    announce("Deleted");
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
