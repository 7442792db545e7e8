// Runs in the browser, so it is plain JavaScript and names nothing outside of its functions.

/**
 * When something was first seen, in ms since the epoch.
 * @typedef {{movedAt?: number, toldAt?: number}} Seen
 */

/** Looks at what is drawn on the map, frame by frame, at the spot that {@link armSight} names. */
export function installSight() {
  const sight = { seen: {} };
  globalThis.sight = sight;
  const isDrawn = ({ x, y }) => {
    const canvas = document.querySelector('canvas.map-traffic');
    const size = 8 * devicePixelRatio;
    const { data } = canvas
      .getContext('2d')
      .getImageData(Math.round(x - size / 2), Math.round(y - size / 2), size, size);
    return data.some((value, at) => at % 4 === 3 && value > 0);
  };
  const factsOf = (name) => document.querySelector(`[data-node="${name}"] .facts`)?.textContent;
  const look = () => {
    const { armed, seen } = sight;
    if (armed) {
      if (seen.movedAt === undefined && isDrawn(armed.spot)) seen.movedAt = Date.now();
      if (seen.toldAt === undefined && factsOf(armed.to) !== armed.facts) seen.toldAt = Date.now();
    }
    requestAnimationFrame(look);
  };
  Object.assign(sight, { isDrawn, factsOf });
  requestAnimationFrame(look);
}

/**
 * Once nothing is seen of calls between the two: watches the callee's numbers, and the end of the
 * edge where a call is seen first.
 * @param {{from: string, to: string, atEnd: boolean}} edge
 */
export function armSight({ from, to, atEnd }) {
  const { sight } = globalThis;
  const path = document.querySelector(`[data-edge="${from}→${to}"] path.line`);
  const { x, y } = path.getPointAtLength(atEnd ? path.getTotalLength() : 0);
  const svg = path.ownerSVGElement;
  const scale = (svg.clientWidth / svg.viewBox.baseVal.width) * devicePixelRatio;
  const spot = { x: x * scale, y: y * scale };
  const facts = sight.factsOf(to);
  if (!['no traffic', 'quiet'].includes(facts) || sight.isDrawn(spot)) return false;
  sight.seen = {};
  sight.armed = { to, spot, facts };
  return true;
}

/** @returns {Seen | false} */
export function readSight() {
  const { seen } = globalThis.sight;
  return seen.movedAt !== undefined && seen.toldAt !== undefined ? seen : false;
}
