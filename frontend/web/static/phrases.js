// Find and change the phrases of a prompt. A group is a list of {phrase, pattern}: a prompt has one of them.

const PLACEHOLDER = "shape"; // stands where no shape was chosen

// The leftmost phrase of a group, the longest if several begin there.
function locate(text, chips) {
  let best = null;
  for (const chip of chips) {
    const match = new RegExp(`\\b${chip.pattern}\\b`, "i").exec(text);
    if (!match) continue;
    const found = { chip, start: match.index, end: match.index + match[0].length };
    if (!best || found.start < best.start || (found.start === best.start && found.end > best.end)) best = found;
  }
  return best;
}

// A colour of the background is none of the shape.
export function find(text, groups, name) {
  if (name !== "colour") return locate(text, groups[name]);
  const ground = locate(text, groups.background);
  const rest = ground ? text.slice(0, ground.start) + " ".repeat(ground.end - ground.start) + text.slice(ground.end) : text;
  return locate(rest, groups.colour);
}

// Keep a capital at the beginning, and make the article in front fit.
function replace(text, start, end, phrase) {
  const isCapital = start === 0 && /^[A-Z]/.test(text);
  const after = phrase + text.slice(end);
  const n = /^ *[aeiou]/i.test(after) ? "n" : "";
  const before = text.slice(0, start).replace(/\b(a)n? $/i, `$1${n} `);
  return before + (isCapital ? after.charAt(0).toUpperCase() + after.slice(1) : after);
}

const tidy = (text) => text.replace(/ {2,}/g, " ").replace(/ +([,.])/g, "$1").replace(/^[ ,]+|[ ,]+$/g, "");

function noun(text, groups) {
  const shape = find(text, groups, "shape");
  if (shape) return shape;
  const match = new RegExp(`\\b${PLACEHOLDER}\\b`, "i").exec(text);
  return match && { start: match.index, end: match.index + match[0].length };
}

function withPlaceholder(text, groups) {
  const begins = (name) => locate(text, groups[name])?.start === 0;
  if (!text) return `a ${PLACEHOLDER}`;
  if (begins("background")) return `${text}, a ${PLACEHOLDER}`;
  return `a ${PLACEHOLDER}${begins("motion") ? "" : ","} ${text}`;
}

function insert(text, groups, name, phrase) {
  if (name === "background" && text) return text.replace(/[ ,]*(\.?)\s*$/, ` ${phrase}$1`);
  const shape = noun(text, groups);
  if (!shape) return insert(withPlaceholder(text, groups), groups, name, phrase);
  if (name === "shape") return replace(text, shape.start, shape.end, phrase);
  if (name === "motion") return `${text.slice(0, shape.end)} ${phrase}${text.slice(shape.end)}`;
  const colour = name === "size" && find(text, groups, "colour");
  const place = colour && colour.start < shape.start ? colour.start : shape.start;
  return replace(text, place, place, `${phrase} `);
}

// The text with this phrase instead of the group's; without it if it was there already.
export function choose(text, groups, name, chip) {
  const found = find(text, groups, name);
  if (!found) return tidy(insert(text.trim(), groups, name, chip.phrase));
  if (found.chip !== chip) return replace(text, found.start, found.end, chip.phrase);
  if (name === "shape") return replace(text, found.start, found.end, PLACEHOLDER);
  const rest = tidy(replace(text, found.start, found.end, ""));
  return rest === `a ${PLACEHOLDER}` ? "" : rest;
}
