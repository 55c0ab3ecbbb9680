// The home page: send the form, and show what becomes of its video.

import "./actions.js";
import "./motion.js";
import "./times.js";
import { announce } from "./announce.js";
import { request } from "./api.js";
import { followCards } from "./cards.js";
import { connectChips } from "./chips.js";
import { clearErrors, showError } from "./errors.js";
import { keepQuoting, showQuote } from "./quote.js";
import { follow, show, stage } from "./stage.js";
import { roughly } from "./units.js";
import { unfinishedJob } from "./video.js";

const form = document.getElementById("generate");
const submit = document.getElementById("submit");
const prompt = document.getElementById("prompt");

// aria-disabled keeps the focus, which a disabled button loses.
function setBusy(isBusy) {
  submit.ariaDisabled = String(isBusy);
}

async function send() {
  if (submit.ariaDisabled === "true") return;
  setBusy(true);
  clearErrors();
  try {
    const body = new URLSearchParams(new FormData(form));
    body.set("wait", "false");
    const { job_id: jobId, eta_seconds: eta } = await request("generate", { method: "POST", body });
    announce(eta == null ? "Your video is being made" : `Your video is ready in ${roughly(eta)}`);
    await show(jobId);
    stage().scrollIntoView({ block: "nearest" });
    follow(jobId);
  } catch (error) {
    await showQuote(form); // marks what else is wrong
    showError(error.message)?.focus();
  }
  setBusy(false);
}

form.noValidate = true; // the service's own sentences say what is wrong
form.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
prompt.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

for (const example of document.querySelectorAll(".example")) {
  example.addEventListener("click", (event) => {
    event.preventDefault();
    prompt.value = example.textContent.trim();
    prompt.dispatchEvent(new Event("input", { bubbles: true }));
    prompt.scrollIntoView({ block: "center" });
    submit.focus({ preventScroll: true });
  });
}

// The address changes with the job that is shown: the link would load the page again.
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  document.getElementById("main").focus();
});

connectChips(prompt);
keepQuoting(form);
followCards();
const jobId = unfinishedJob();
if (jobId) follow(jobId);
