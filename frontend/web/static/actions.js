// Cancel, retry and delete jobs, on every page that shows some.

import { announce } from "./announce.js";
import { request } from "./api.js";
import { removeCard } from "./cards.js";
import { follow, show, stage } from "./stage.js";

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
    await request(`jobs/${jobId}/cancel`, { method: "POST" });
  },
  async retry(jobId) {
    const again = await request(`jobs/${jobId}/retry`, { method: "POST" });
    if (!stage()) {
      location.assign(`preview/${again.job_id}`);
      return;
    }
    await show(again.job_id);
    follow(again.job_id);
  },
  async delete(jobId) {
    if (!(await confirmed())) return;
    await request(`jobs/${jobId}`, { method: "DELETE" });
    const isShown = document.getElementById("video")?.dataset.jobId === jobId;
    if (isShown && !stage()) {
      location.assign(document.getElementById("video").dataset.afterDelete);
      return;
    }
    removeCard(document.getElementById(`job-${jobId}`)); // it may have been replaced meanwhile
    if (isShown) await show(null);
    announce("Deleted");
  },
};

let shownError = null;

function showError(message) {
  shownError = document.getElementById("action-error") ?? document.getElementById("error");
  shownError.textContent = message;
  shownError.hidden = false;
  shownError.scrollIntoView({ block: "nearest" });
}

function hideError() {
  if (shownError) shownError.hidden = true;
  shownError = null;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-action]");
  if (!button || button.ariaDisabled === "true") return;
  button.ariaDisabled = "true";
  try {
    await ACTIONS[button.dataset.action](button.dataset.jobId);
    hideError();
  } catch (error) {
    showError(error.message);
  }
  button.ariaDisabled = "false";
});
