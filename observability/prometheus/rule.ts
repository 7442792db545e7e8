/** Records the value of `expr` under a name of its own. */
export type Recording = {
  readonly record: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
};

/** Tells when `expr` has had a result for `for`. */
export type Alert = {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: 'page' | 'ticket' } & Readonly<Record<string, string>>;
  readonly annotations: {
    /** One sentence with the values. */
    readonly summary: string;
    /** What to look at or do. */
    readonly description: string;
  };
};

/** Rules evaluated one after the other: later ones see what earlier ones record. */
export type Group<R extends Recording | Alert = Recording | Alert> = {
  readonly name: string;
  /** How often; as often as targets are scraped when absent. */
  readonly interval?: string;
  readonly rules: readonly R[];
};

/** `numerator / denominator`, and 0 rather than nothing while there is no numerator. */
export function ratio(numerator: string, denominator: string): string {
  return `(${numerator} or 0 * ${denominator}) / (${denominator} > 0)`;
}

/** A bucket's bound as a matcher: Prometheus 3 writes whole numbers as `1.0`, older ones as `1`. */
export function atMost(bound: number): string {
  return Number.isInteger(bound) ? `le=~"${bound}|${bound}.0"` : `le="${bound}"`;
}
