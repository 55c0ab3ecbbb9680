// Say before sending how many frames of which size are asked for, and how long they take.

import { request } from "./api.js";
import { clearFields, fieldOf, showError } from "./errors.js";
import { frames, roughly } from "./units.js";

const TYPING = 250; // milliseconds
const QUEUE = 1.5; // times as long as alone
const NEVER_MATTER = ["prompt", "seed"];

let timer;
let running = new AbortController();

function describe(quote) {
  const { generation_time_seconds: alone, eta_seconds: eta } = quote;
  const parts = [frames(quote.num_frames), `${quote.width} × ${quote.height}`];
  if (alone !== null) parts.push(roughly(alone));
  if (eta > alone * QUEUE + 1) parts.push(`ready in ${roughly(eta)}, behind other videos`);
  return parts.join(" · ");
}

export async function showQuote(form) {
  running.abort();
  running = new AbortController();
  const values = new FormData(form);
  for (const name of NEVER_MATTER) values.delete(name);
  const line = document.getElementById("quote");
  try {
    const quote = await request(`quote?${new URLSearchParams(values)}`, { signal: running.signal });
    clearFields(values.keys());
    line.textContent = describe(quote);
    for (const warning of quote.warnings) line.append(document.createElement("br"), warning);
  } catch (error) {
    if (error.name === "AbortError") return;
    clearFields(values.keys());
    line.textContent = "";
    if (fieldOf(error.message)) showError(error.message);
    else if (error.status) line.textContent = error.message;
  }
}

export function keepQuoting(form) {
  form.addEventListener("input", (event) => {
    if (NEVER_MATTER.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(() => showQuote(form), TYPING);
  });
  showQuote(form);
}
