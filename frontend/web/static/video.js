// Follow the job that the page shows until it is finished, then show what came of it.

import { announce } from "./announce.js";
import { persist, refresh, request, wait } from "./api.js";
import { showProgress, showTrouble } from "./progress.js";

const POLL_INTERVAL = 500; // milliseconds
const TITLES = { completed: "Ready", failed: "Failed", cancelled: "Cancelled" };

const panel = () => document.getElementById("video");
const isFinished = (state) => !["queued", "running"].includes(state);
const isShown = (jobId) => panel()?.dataset.jobId === jobId;

// Return the finished job, or null once the page shows another.
async function finished(jobId) {
  while (isShown(jobId)) {
    const job = await persist(
      () => request(`status/${jobId}`),
      () => unfinishedJob() === jobId && showTrouble(),
    );
    if (!isShown(jobId)) break;
    if (isFinished(job.status)) return job;
    showProgress(job);
    await wait(POLL_INTERVAL);
  }
  return null;
}

// Move the focus to the result, unless the user is elsewhere by now.
function present(job) {
  const heading = document.getElementById("video-title");
  document.title = `${TITLES[job.status]}: ${job.prompt.slice(0, 60)} – LTX-Video`;
  const { activeElement } = document;
  if (activeElement !== document.body && !activeElement.closest("#submit, #stage, #video")) {
    announce(heading.textContent);
    return;
  }
  heading.focus({ preventScroll: true });
  const shown = (document.getElementById("player") ?? heading).getBoundingClientRect();
  const isInView = heading.getBoundingClientRect().top >= 0 && shown.bottom <= innerHeight;
  if (!isInView) panel().scrollIntoView({ block: "start" });
}

// Return the ID of the job that the page shows, if it is not finished.
export function unfinishedJob() {
  const shown = panel()?.dataset;
  return shown && !isFinished(shown.state) ? shown.jobId : null;
}

export async function followVideo(jobId, ...alsoRefreshed) {
  const job = await finished(jobId);
  if (!job) return;
  if (unfinishedJob()) {
    await persist(() => refresh(panel().parentElement.id === "stage" ? "stage" : "video", ...alsoRefreshed));
  }
  if (isShown(jobId)) present(job);
}
