// Follow one job; shared by both pages.

const POLL_INTERVAL = 500; // milliseconds
const RETRY_TIMEOUT = 60_000; // milliseconds
const STAGES = {
  text: "Reading the prompt",
  denoise: "Denoising",
  decode: "Decoding frames",
  mp4: "Writing the MP4",
};

const element = (id) => document.getElementById(id);

export async function request(path, options) {
  const response = await fetch(path, options);
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null) {
    throw new Error(body?.detail ?? `The server answered ${response.status} ${response.statusText}`);
  }
  return body;
}

export function showError(message) {
  element("error").textContent = message;
  element("error").hidden = false;
}

function showProgress(job) {
  const running = job.status === "running";
  element("progress-stage").textContent = running
    ? STAGES[job.stage] ?? "Starting"
    : `Queued, position ${job.queue_position ?? "–"}`;
  element("progress-percent").textContent = running ? `${Math.round(job.percent)} %` : "";
  element("progress-bar").value = running ? job.percent : 0;
  const steps = job.total_steps ? `step ${job.step} of ${job.total_steps} · ` : "";
  element("progress-detail").textContent = running ? `${steps}${job.elapsed_seconds.toFixed(1)} s` : "";
}

// Retry failed polls: an accepted job survives a restart of the server.
async function retry(poll) {
  const deadline = Date.now() + RETRY_TIMEOUT;
  for (;;) {
    try {
      return await poll();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
    }
  }
}

// Show the job's progress until it finishes, and resolve to its last status.
export async function follow(jobId) {
  const cancel = element("cancel");
  element("progress").hidden = false;
  cancel.disabled = false;
  cancel.onclick = async () => {
    cancel.disabled = true;
    await request(`jobs/${jobId}`, { method: "DELETE" }).catch((error) => showError(error.message));
  };
  for (;;) {
    const job = await retry(() => request(`status/${jobId}`));
    if (job.status !== "queued" && job.status !== "running") {
      element("progress").hidden = true;
      return job;
    }
    showProgress(job);
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL));
  }
}
