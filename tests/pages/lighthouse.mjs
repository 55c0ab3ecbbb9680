// Run Lighthouse on the pages that stdin names, and write their scores: a JSON list in, one out.
// In: [{"url": …, "isError": …}]; out: [{"mobile": {category: score}, "desktop": {…}}].

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, chromium] = process.argv.slice(2);
const find = createRequire(`${modules}/`);
const load = (name) => import(pathToFileURL(find.resolve(name)));
const { default: lighthouse, desktopConfig } = await load("lighthouse");
const { launch } = await load("chrome-launcher");

// What a page of an error cannot pass: its status is that of the error, and Chromium logs it.
const OF_ERRORS = { ignoreStatusCode: true, skipAudits: ["http-status-code", "errors-in-console"] };

async function scores(page, port, config) {
  const flags = { port, logLevel: "error", disableFullPageScreenshot: true };
  const { lhr } = await lighthouse(page.url, { ...flags, ...(page.isError ? OF_ERRORS : {}) }, config);
  if (lhr.runtimeError) throw new Error(`${page.url}: ${lhr.runtimeError.message}`);
  const failed = Object.values(lhr.categories).flatMap(({ id, auditRefs }) =>
    auditRefs
      .filter((ref) => ref.weight && (lhr.audits[ref.id].score ?? 1) < 0.9)
      .map((ref) => `${id}/${ref.id}: ${lhr.audits[ref.id].displayValue ?? ""}`),
  );
  const percent = Object.values(lhr.categories).map(({ id, score }) => [id, Math.round(score * 100)]);
  return { ...Object.fromEntries(percent), failed };
}

const chrome = await launch({
  chromePath: chromium,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-gpu"],
});
try {
  const results = [];
  for (const page of JSON.parse(readFileSync(0, "utf8"))) {
    const began = Date.now();
    const mobile = await scores(page, chrome.port);
    const desktop = await scores(page, chrome.port, desktopConfig);
    results.push({ mobile, desktop });
    console.error(page.url, JSON.stringify(results.at(-1)), Date.now() - began);
  }
  console.log(JSON.stringify(results));
} finally {
  chrome.kill();
}
