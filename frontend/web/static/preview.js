import { follow, showError } from "./job.js";

try {
  await follow(document.getElementById("state").dataset.jobId);
  location.reload(); // the page of a finished job shows the player or the error
} catch (error) {
  showError(error.message);
}
