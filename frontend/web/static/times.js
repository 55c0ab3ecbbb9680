// Show moments in the time zone of the reader.

const DAY = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
const thisYear = new Intl.DateTimeFormat(undefined, DAY);
const earlier = new Intl.DateTimeFormat(undefined, { ...DAY, year: "numeric" });

function localise() {
  for (const time of document.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    const format = moment.getFullYear() === new Date().getFullYear() ? thisYear : earlier;
    time.textContent = format.format(moment);
  }
}

localise();
document.addEventListener("refreshed", localise);
