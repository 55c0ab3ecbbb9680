// Quantities as people read them: see units.py.

export function roughly(seconds) {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s`;
  return `about ${Math.round(seconds / 60)} min`;
}

export const frames = (count) => (count === 1 ? "1 frame" : `${count} frames`);
