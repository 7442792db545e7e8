/** The data of the last whole event of a type in a `text/event-stream`; undefined when there is none. */
export function lastEvent(text: string, type: string): unknown {
  const events = text.split('\n\n').slice(0, -1);
  const last = events.findLast((event) => event.split('\n').includes(`event: ${type}`));
  const data = /^data: ?(.*)$/m.exec(last ?? '')?.[1];
  try {
    return data === undefined ? undefined : JSON.parse(data);
  } catch {
    return undefined;
  }
}
