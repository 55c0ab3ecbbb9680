// The job beside the form of the home page.

import { persist, refresh } from "./api.js";
import { showError } from "./errors.js";
import { showQuote } from "./quote.js";
import { followVideo } from "./video.js";

export const stage = () => document.getElementById("stage");

// Show this job, or none. A reload shows it again.
export async function show(jobId) {
  history.replaceState(null, "", jobId ? `.?job=${jobId}` : ".");
  document.title = "LTX-Video";
  await persist(() => refresh("stage", "newest"));
}

export async function follow(jobId) {
  const form = document.getElementById("generate");
  showQuote(form); // the job makes others wait
  try {
    await followVideo(jobId, "newest");
  } catch (error) {
    showError(error.message);
  }
  showQuote(form);
}
