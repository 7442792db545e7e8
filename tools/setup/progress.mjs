// @ts-check
/**
 * One line per step: updated in place on a terminal, plain lines elsewhere.
 * @param {NodeJS.WriteStream} out
 */
export function createProgress(out) {
  return {
    /** @param {string} text */
    line(text) {
      out.write(`${text}\n`);
    },
    /**
     * @template T
     * @param {string} title
     * @param {() => Promise<T>} work
     * @returns {Promise<T>}
     */
    async step(title, work) {
      const startedMs = performance.now();
      const elapsed = () => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
      out.write(out.isTTY ? `… ${title}` : `${title} …\n`);
      const tick = setInterval(() => out.isTTY && redraw(out, `… ${title} (${elapsed()})`), 500);
      try {
        const result = await work();
        finish(out, `✔ ${title} (${elapsed()})`);
        return result;
      } catch (error) {
        finish(out, `✘ ${title} (${elapsed()})`);
        throw error;
      } finally {
        clearInterval(tick);
      }
    },
  };
}

/**
 * @param {NodeJS.WriteStream} out
 * @param {string} text
 */
function finish(out, text) {
  if (out.isTTY) redraw(out, text);
  else out.write(text);
  out.write('\n');
}

/**
 * @param {NodeJS.WriteStream} out
 * @param {string} text
 */
function redraw(out, text) {
  out.clearLine(0);
  out.cursorTo(0);
  out.write(text.slice(0, out.columns || 80));
}
