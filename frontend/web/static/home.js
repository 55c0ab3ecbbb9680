import { follow, request, showError } from "./job.js";

const element = (id) => document.getElementById(id);

function parameters(form) {
  const values = { prompt: form.prompt.value, wait: false };
  for (const field of form.querySelectorAll(".fields [name]")) {
    if (field.value !== "") values[field.name] = Number(field.value);
  }
  return values;
}

function showVideo(job) {
  element("player").src = job.download_url;
  element("result-detail").textContent =
    `${job.frames_generated} frames · ${job.file_size_mb} MB · ${job.generation_time_seconds} s · seed ${job.seed}`;
  element("result-preview").href = job.preview_url;
  element("result-download").href = job.download_url;
  element("result").hidden = false;
}

async function refreshRecent() {
  const response = await fetch(".");
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const recent = page.getElementById("recent");
  if (recent) element("recent").replaceWith(recent);
}

async function generate(form) {
  element("error").hidden = true;
  element("result").hidden = true;
  const { job_id: jobId } = await request("generate", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(parameters(form)),
  });
  const job = await follow(jobId);
  if (job.status === "completed") showVideo(job);
  else showError(job.error ?? "Cancelled");
  await refreshRecent().catch(() => {}); // keep the old list
}

element("generate").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("submit").disabled = true;
  try {
    await generate(event.target);
  } catch (error) {
    showError(error.message);
    element("progress").hidden = true;
  } finally {
    element("submit").disabled = false;
  }
});

for (const example of document.querySelectorAll(".example")) {
  example.addEventListener("click", () => {
    const prompt = element("prompt");
    prompt.value = example.innerText.trim();
    prompt.scrollIntoView({ block: "center" });
    element("submit").focus({ preventScroll: true });
  });
}
