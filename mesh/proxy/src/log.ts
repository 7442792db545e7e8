const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LEVELS)[number];

export type Log = {
  level: LogLevel;
  write(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void;
};

export function isLogLevel(text: string): text is LogLevel {
  return LEVELS.some((level) => level === text);
}

/** One JSON object a line; lines below the level cost a comparison. */
export function createLog(
  options: { level: LogLevel; instance: string; now: () => number },
  out: (line: string) => void,
): Log {
  return {
    level: options.level,
    write(level, message, fields) {
      if (LEVELS.indexOf(level) < LEVELS.indexOf(this.level)) return;
      const time = new Date(options.now()).toISOString();
      const head = { level, time, service: 'proxy', instance: options.instance };
      out(`${JSON.stringify({ ...head, ...fields, msg: message })}\n`);
    },
  };
}
