// Show how far the job of the page is.

import { roughly } from "./units.js";

const STAGES = {
  text: "Reading the prompt",
  denoise: "Denoising",
  decode: "Decoding frames",
  mp4: "Writing the MP4",
};

const write = (id, text) => {
  document.getElementById(id).textContent = text;
};

function waiting(position) {
  return position === 1 ? "Next in the queue" : `Number ${position ?? "–"} in the queue`;
}

export function showProgress(job) {
  const isRunning = job.status === "running";
  const steps = job.stage === "denoise" && job.total_steps ? `step ${job.step + 1} of ${job.total_steps}` : "";
  const percent = isRunning ? `${Math.round(job.percent)} %` : "";
  write("video-title", isRunning ? "Making the video" : "Waiting for its turn");
  write("progress-stage", isRunning ? STAGES[job.stage] ?? "Starting" : waiting(job.queue_position));
  write("progress-eta", job.eta_seconds == null ? "" : `${roughly(job.eta_seconds)} left`);
  write("progress-detail", [percent, steps].filter(Boolean).join(" · "));
  const bar = document.getElementById("progress-bar");
  if (isRunning) bar.value = job.percent;
  else bar.removeAttribute("value");
  document.title = `${percent || "Waiting"} – LTX-Video`;
}

export function showTrouble() {
  write("progress-detail", "The server does not answer; trying again …");
}
