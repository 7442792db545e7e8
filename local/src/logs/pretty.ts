import type { Terminal } from '../ui/terminal.ts';

const levels: Readonly<Record<string, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};

/** A JSON log line for people: time, level, message and trace id; other lines as they are. */
export function prettyLine(text: string, paint: Terminal['paint']): string {
  const record = parseRecord(text);
  if (record === undefined) return text;
  const level = (levels[String(record['level'])] ?? String(record['level'] ?? '')).toUpperCase();
  const traceId = record['trace_id'];
  return [
    paint('dim', timeOfDay(record['time'])),
    paint(styleOf(level), level.padEnd(5)),
    String(record['msg'] ?? ''),
    ...causeOf(record).map((cause) => paint('red', cause)),
    ...(typeof traceId === 'string' ? [paint('dim', `trace=${traceId}`)] : []),
  ].join(' ');
}

function timeOfDay(time: unknown): string {
  if (typeof time !== 'number' && typeof time !== 'string') return '';
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().slice(11, 23);
}

function styleOf(level: string): 'red' | 'yellow' | 'green' {
  if (level === 'ERROR' || level === 'FATAL') return 'red';
  return level === 'WARN' ? 'yellow' : 'green';
}

function causeOf({ err }: Record<string, unknown>): string[] {
  const message: unknown = typeof err === 'object' && err ? Reflect.get(err, 'message') : undefined;
  return typeof message === 'string' ? [message] : [];
}

function parseRecord(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // not JSON after all
  }
}
