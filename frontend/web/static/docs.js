// Replace the list of operations by Swagger UI when one is opened, in the colours that the user
// prefers, and give what it draws the names, levels and focus that assistive technology needs.

const dark = matchMedia("(prefers-color-scheme: dark)");
const place = document.getElementById("swagger-ui");
let focusIsLost = false; // until the operation that was opened is drawn

function openOperation() {
  if (!location.hash.startsWith("#/")) return;
  removeEventListener("hashchange", openOperation);
  const script = document.createElement("script");
  script.src = place.dataset.bundle;
  script.addEventListener("load", drawSwagger);
  document.head.append(script);
}

function drawSwagger() {
  followColours();
  dark.addEventListener("change", followColours);
  new MutationObserver(mend).observe(place, { childList: true, subtree: true });
  SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#swagger-ui",
    deepLinking: true,
    defaultModelsExpandDepth: 0, // the schemas are drawn when somebody opens them
    syntaxHighlight: { theme: "tomorrow-night" }, // most others have colours too dark to read
    onComplete: removeList,
  });
}

function removeList() {
  const list = document.getElementById("operations");
  focusIsLost = list.contains(document.activeElement);
  list.remove();
  mend();
}

function followColours() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

function mend() {
  if (focusIsLost) {
    const opened = place.querySelector(".opblock.is-open button");
    opened?.focus();
    focusIsLost = !opened;
  }
  // The operations below the page's h1 are h3, their parts h4 and so on.
  for (const heading of place.querySelectorAll("h3, h4, h5")) {
    heading.ariaLevel = Number(heading.localName[1]) - 1;
  }
  // A link inside a button, which does the same.
  for (const link of place.querySelectorAll("button a[href]")) {
    link.removeAttribute("href");
  }
  for (const field of place.querySelectorAll("select, input, textarea")) {
    const row = field.closest("[data-param-name], [data-property-name]");
    field.ariaLabel ??= row ? row.dataset.paramName ?? row.dataset.propertyName : "Server";
  }
  for (const table of place.querySelectorAll("table[role]")) {
    table.removeAttribute("role"); // landmarks without a name
  }
  for (const code of place.querySelectorAll("pre.microlight")) {
    code.tabIndex = 0; // it may scroll
  }
}

addEventListener("hashchange", openOperation);
openOperation();
