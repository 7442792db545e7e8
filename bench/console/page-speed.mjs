// Runs in the browser, so it is plain JavaScript and names nothing outside of its functions.

/** Counts what is drawn, from now on. */
export function countFrames() {
  const counted = { startMs: performance.now(), at: [] };
  globalThis.counted = counted;
  const count = (ms) => {
    counted.at.push(ms);
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
}

/**
 * How many frames a second there were since, and how long the longest of a hundred took.
 * @param {number} leastMs for which is counted
 * @returns {{perSecond: number, p50Ms: number, p99Ms: number} | false}
 */
export function framesSince(leastMs) {
  const { startMs, at } = globalThis.counted;
  const passedMs = performance.now() - startMs;
  if (passedMs < leastMs) return false;
  const gaps = at.slice(1).map((ms, index) => ms - at[index]);
  const sorted = gaps.toSorted((a, b) => a - b);
  const quantile = (share) => sorted[Math.floor((sorted.length - 1) * share)] ?? Infinity;
  const perSecond = gaps.length / (passedMs / 1_000);
  return { perSecond, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

/**
 * When something was painted first, and when the map stood, in ms since the page was asked for.
 * @returns {{paintMs: number, mapMs: number} | false}
 */
export function firstPaint() {
  const [paint] = performance.getEntriesByName('first-contentful-paint');
  if (!paint || !document.querySelector('[data-node]')) return false;
  return { paintMs: paint.startTime, mapMs: performance.now() };
}

/** Whether nothing is drawn of calls on their way. */
export function nothingMoves() {
  const canvas = document.querySelector('canvas.map-traffic');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.every((value) => value === 0);
}
