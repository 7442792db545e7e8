/** A line of one instance's log. */
export type LogLine = { instance: string; text: string };

/**
 * The lines of several logs as one, in order of the time each line names (`time`, as epoch
 * milliseconds or RFC 3339); a line without one stays behind the line before it.
 */
export function mergeLogs(
  logs: readonly { instance: string; lines: readonly string[] }[],
): LogLine[] {
  const timed = logs.flatMap(({ instance, lines }) => {
    let atMs = 0;
    return lines.map((text) => {
      atMs = timeOf(text) ?? atMs;
      return { atMs, line: { instance, text } };
    });
  });
  // Sorting is stable, so lines of one instance keep their order.
  return timed.toSorted((a, b) => a.atMs - b.atMs).map(({ line }) => line);
}

function timeOf(text: string): number | undefined {
  const match =
    /"time":(?:(\d{10,})|"([^"]+)")/.exec(text) ??
    /^(?:\d+:[A-Z] )?()(\d{4}-[\d-]+ [\d:.]+ UTC)/.exec(text);
  if (match?.[1]) return Number(match[1]);
  const parsed = Date.parse(match?.[2] ?? '');
  return Number.isNaN(parsed) ? undefined : parsed;
}
