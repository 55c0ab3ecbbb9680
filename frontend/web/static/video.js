// Follow the job that the page shows until it is finished, then show what came of it.

import { announce } from "./announce.js";
import { persist, refresh, request, wait } from "./api.js";
import { showProgress, showTrouble } from "./progress.js";

const POLL_INTERVAL = 500; // milliseconds
const TITLES = { completed: "Ready", failed: "Failed", cancelled: "Cancelled" };

const panel = () => document.getElementById("video");
const isFinished = (state) => !["queued", "running"].includes(state);

async function finished(jobId) {
  for (;;) {
    const job = await persist(() => request(`status/${jobId}`), showTrouble);
    if (isFinished(job.status)) return job;
    showProgress(job);
    await wait(POLL_INTERVAL);
  }
}

// Move the focus to the result, unless the user types something by now.
function present(job) {
  const heading = document.getElementById("video-title");
  document.title = `${TITLES[job.status]}: ${job.prompt.slice(0, 60)} – LTX-Video`;
  if (document.activeElement.matches("textarea, input")) {
    announce(heading.textContent);
    return;
  }
  heading.focus({ preventScroll: true });
  const shown = (document.getElementById("player") ?? heading).getBoundingClientRect();
  const isInView = heading.getBoundingClientRect().top >= 0 && shown.bottom <= innerHeight;
  if (!isInView) panel().scrollIntoView({ block: "start" });
}

export const hasUnfinished = () => Boolean(panel()) && !isFinished(panel().dataset.state);

export async function followVideo(...alsoRefreshed) {
  if (!hasUnfinished()) return;
  const job = await finished(panel().dataset.jobId);
  await persist(() => refresh(panel().parentElement.id === "stage" ? "stage" : "video", ...alsoRefreshed));
  present(job);
}
