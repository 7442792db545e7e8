/** How often targets are looked at, and how long windows last in relation to production's. */
export type Pace = {
  readonly scrapeIntervalMs: number;
  /** Sidecars', where it is another: what judges a new version each second needs them fresh. */
  readonly sidecarIntervalMs?: number;
  /** 1 keeps windows as the rules name them; at 1/30 an hour lasts two minutes. */
  readonly windowScale: number;
};

/** A cluster's: windows are what they are called. */
export const clusterPace: Pace = { scrapeIntervalMs: 10_000, windowScale: 1 };

/** A rehearsal's: what takes production an hour to notice is noticed in two minutes. */
export const localPace: Pace = { ...paceOf(2_000), sidecarIntervalMs: 1_000 };

/** The fastest windows that a scrape interval allows: one scrape stands for a minute. */
export function paceOf(scrapeIntervalMs: number): Pace {
  return { scrapeIntervalMs, windowScale: scrapeIntervalMs / 60_000 };
}

/** `30s`, `5m`, `6h`, `3d`: one whole number and its unit. */
export type Duration = `${number}${'s' | 'm' | 'h' | 'd'}`;

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A rate over fewer scrapes says more about the scrapes than about the traffic. */
const scrapesMin = 4;
/** What lasts shorter is a glitch: a restart, a late scrape. */
const holdScrapesMin = 5;
const rateScrapes = 10;
const slowScrapes = 3;

/** Durations of rules at one pace, as Prometheus writes them. */
export class Timing {
  readonly #pace: Pace;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** A window by its production name. Throws when too few scrapes would fall into it. */
  window(nominal: Duration): string {
    const ms = this.windowMs(nominal);
    const least = scrapesMin * this.#pace.scrapeIntervalMs;
    if (ms < least) {
      throw new Error(
        `scale the window ${nominal} by ${this.#pace.windowScale}: ${ms} ms, expected at least ` +
          `${least} ms (${scrapesMin} scrapes)`,
      );
    }
    return formatMs(ms);
  }

  windowMs(nominal: Duration): number {
    return Math.round(toMs(nominal) * this.#pace.windowScale);
  }

  /** How long something must last before it counts, never less than a few scrapes. */
  hold(nominal: Duration): string {
    const least = holdScrapesMin * this.#pace.scrapeIntervalMs;
    return formatMs(Math.max(this.windowMs(nominal), least));
  }

  /** The window of rates that say how things are now. */
  get rate(): string {
    return formatMs(rateScrapes * this.#pace.scrapeIntervalMs);
  }

  /** How often rules are evaluated that read much or change slowly. */
  get slow(): string {
    return formatMs(slowScrapes * this.#pace.scrapeIntervalMs);
  }

  get scrape(): string {
    return formatMs(this.#pace.scrapeIntervalMs);
  }

  get scrapeSeconds(): number {
    return this.#pace.scrapeIntervalMs / 1_000;
  }
}

/** The nominal length in milliseconds. */
export function toMs(duration: Duration): number {
  const [, count, unit] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  if (unit !== 's' && unit !== 'm' && unit !== 'h' && unit !== 'd') {
    throw new Error(`read the duration '${duration}': expected a whole number and s, m, h or d`);
  }
  return Number(count) * unitsMs[unit];
}

/** Milliseconds in the largest unit that needs no fraction. */
export function formatMs(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms > 0 && ms % unitsMs[unit] === 0) return `${ms / unitsMs[unit]}${unit}`;
  }
  return `${ms}ms`;
}
