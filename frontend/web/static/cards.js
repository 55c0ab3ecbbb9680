// Keep the cards of unfinished jobs up to date.

import { refresh, request, wait } from "./api.js";

const POLL_INTERVAL = 1500; // milliseconds
const UNFINISHED = ".clip:is([data-state=queued], [data-state=running])";

function update(card, job) {
  const bar = card.querySelector("progress");
  if (job.status === "running") bar.value = job.percent;
  const badge = card.querySelector(".badge");
  badge.textContent = job.status;
  badge.className = `badge ${job.status}`;
}

async function look() {
  const { jobs } = await request("jobs?state=queued&state=running&limit=100");
  const unfinished = new Map(jobs.map((job) => [job.job_id, job]));
  const finished = [];
  for (const card of document.querySelectorAll(UNFINISHED)) {
    const job = unfinished.get(card.dataset.jobId);
    if (job) update(card, job);
    else finished.push(card.id);
  }
  if (!finished.length) return;
  // Newer jobs, the search or a deletion may have taken a card off the page.
  for (const id of await refresh(...finished)) removeCard(document.getElementById(id));
}

export function removeCard(card) {
  if (!card) return;
  const next = card.nextElementSibling ?? card.previousElementSibling;
  const hadFocus = card.contains(document.activeElement);
  card.remove();
  if (hadFocus) (next?.querySelector("a") ?? document.getElementById("main")).focus();
}

export async function followCards() {
  for (;;) {
    if (document.querySelector(UNFINISHED)) await look().catch(() => {}); // next time
    await wait(POLL_INTERVAL);
  }
}
