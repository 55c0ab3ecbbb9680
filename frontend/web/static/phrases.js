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

function replace(text, start, end, phrase) {
  const isCapital = /[A-Z]/.test(text[start] ?? "") && start === 0;
  const said = isCapital ? phrase[0].toUpperCase() + phrase.slice(1) : phrase;
  const article = /^[aeiou]/i.test(phrase) ? "an" : "a";
  const before = text.slice(0, start).replace(/\b(a|an) $/i, (given) => (given[0] === "A" ? article.replace("a", "A") : article) + " ");
  return before + said + text.slice(end);
}

const tidy = (text) => text.replace(/ {2,}/g, " ").replace(/ +([,.])/g, "$1").replace(/^[ ,]+|[ ,]+$/g, "");

function noun(text, groups) {
  const shape = find(text, groups, "shape");
  if (shape) return shape;
  const match = new RegExp(`\\b${PLACEHOLDER}\\b`, "i").exec(text);
  return match && { start: match.index, end: match.index + match[0].length };
}

function insert(text, groups, name, phrase) {
  const shape = noun(text, groups);
  if (name === "background") return text.replace(/[ ,.]*$/, (end) => ` ${phrase}${end.trim() === "." ? "." : ""}`);
  if (!shape) {
    const start = name === "shape" ? `a ${phrase}` : `a ${PLACEHOLDER}`;
    const ground = locate(text, groups.background);
    const begun = ground?.start === 0 ? `${text}, ${start}` : `${start} ${text}`;
    return name === "shape" ? replace(begun, begun.indexOf(phrase), begun.indexOf(phrase) + phrase.length, phrase) : insert(tidy(begun), groups, name, phrase);
  }
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
  const rest = tidy(text.slice(0, found.start) + text.slice(found.end));
  return rest === `a ${PLACEHOLDER}` ? "" : rest;
}
