// Show moments in the time zone of the reader.

const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

function localise() {
  for (const time of document.querySelectorAll("time")) {
    time.textContent = format.format(new Date(time.dateTime));
  }
}

localise();
document.addEventListener("refreshed", localise);
