// Run Lighthouse on the pages that stdin names, and write their scores: a JSON list in, one out.
// In: [{"url": …, "isError": …}]; out: [{"mobile": {category: score}, "desktop": {…}}].

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, chromium, least] = process.argv.slice(2);
const { resolve } = createRequire(`${modules}/`);
const load = (name) => import(pathToFileURL(resolve(name)));
const { default: lighthouse, desktopConfig } = await load("lighthouse");
const { launch } = await load("chrome-launcher");

// Skipped for error pages: their status is that of the error, and Chromium logs it.
const OF_ERRORS = { ignoreStatusCode: true, skipAudits: ["http-status-code", "errors-in-console"] };

// Simulated throttling, Lighthouse's default, scales the times of this machine: other work on it
// makes pages look slow. A score that is too low counts only as the median of three.
async function scores(page, port, config) {
  const runs = [await measure(page, port, config)];
  while (runs.length < 3 && runs[0].performance < least) {
    runs.push(await measure(page, port, config));
  }
  runs.sort((one, other) => one.performance - other.performance);
  return runs[Math.floor(runs.length / 2)];
}

async function measure(page, port, config) {
  try {
    return await measureOnce(page, port, config);
  } catch (error) {
    console.error(`${page.url}: ${error.message}; trying again`); // as on a machine that is busy
    return measureOnce(page, port, config);
  }
}

async function measureOnce(page, port, config) {
  const flags = {
    port,
    logLevel: "error",
    disableFullPageScreenshot: true,
    maxWaitForLoad: 10_000, // a job that is followed keeps its page busy
    pauseAfterFcpMs: 0,
    pauseAfterLoadMs: 0,
    networkQuietThresholdMs: 500,
    cpuQuietThresholdMs: 500,
    ...(page.isError ? OF_ERRORS : {}),
  };
  const { lhr } = await lighthouse(page.url, flags, config);
  if (lhr.runtimeError) throw new Error(`${page.url}: ${lhr.runtimeError.message}`);
  report(page.url, lhr);
  const percent = Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)]);
  return Object.fromEntries(percent);
}

// Say what a low score is for.
function report(url, { categories, audits, configSettings }) {
  for (const { id, score, auditRefs } of Object.values(categories)) {
    if (score * 100 >= least) continue;
    const low = auditRefs.map((ref) => audits[ref.id]).filter((audit) => (audit.score ?? 1) < 0.9);
    const reasons = low.map((audit) => `${audit.id} ${audit.displayValue ?? ""}`).join(", ");
    console.error(`${url} (${configSettings.formFactor}): ${id} ${score * 100}: ${reasons}`);
  }
}

const chrome = await launch({
  chromePath: chromium,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"],
});
try {
  const results = [];
  for (const page of JSON.parse(readFileSync(0, "utf8"))) {
    const mobile = await scores(page, chrome.port);
    const desktop = await scores(page, chrome.port, desktopConfig);
    results.push({ mobile, desktop });
  }
  console.log(JSON.stringify(results));
} finally {
  chrome.kill();
}
