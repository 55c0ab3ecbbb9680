// Talk to the service. Every failure is an Error whose message is a sentence.

const RETRY_INTERVAL = 1000; // milliseconds
const RETRY_TIMEOUT = 60_000; // milliseconds

export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function answer(path, options) {
  const response = await fetch(path, options).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Error("The server cannot be reached. Check that it is running, then try again.");
  });
  if (response.ok) return response;
  const body = await response.json().catch(() => null);
  const error = new Error(body?.detail ?? `The server answered ${response.status} ${response.statusText}`);
  error.status = response.status;
  throw error;
}

export async function request(path, options) {
  return (await answer(path, options)).json();
}

// Try again for a while what fails without being refused: accepted jobs survive a restart of the server.
export async function persist(work, onTrouble = () => {}) {
  const deadline = Date.now() + RETRY_TIMEOUT;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if ((error.status >= 400 && error.status < 500) || Date.now() > deadline) throw error;
      onTrouble(error);
      await wait(RETRY_INTERVAL);
    }
  }
}

// Replace these elements of the page by those that the server shows now; return the IDs of those it lacks.
export async function refresh(...ids) {
  const address = location.href;
  const response = await answer(address, { headers: { Accept: "text/html" } });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (address !== location.href) return refresh(...ids); // the page shows another job by now
  const missing = [];
  for (const id of ids) {
    const [before, now] = [document.getElementById(id), page.getElementById(id)];
    if (!now) missing.push(id);
    if (!before || !now) continue;
    const hadFocus = before.contains(document.activeElement);
    before.replaceWith(document.adoptNode(now));
    if (hadFocus) (now.querySelector("a, button") ?? document.getElementById("main")).focus();
  }
  document.dispatchEvent(new Event("refreshed"));
  return missing;
}
