/** More names than these come from a sender that puts ids into them. */
const OPERATIONS_MAX = 10_000;
/** Longer ones hold data, and are found but not listed. */
const NAME_MAX = 512;
const KINDS = 6;

/** An operation with a kind of span it has: a number of `Span.SpanKind`. */
export type Operation = { readonly name: string; readonly kind: number };

/** Services and their operations; never forgotten while the process runs. */
export class OperationNames {
  /** By service and name, the kinds as bits. */
  readonly #services = new Map<string, Map<string, number>>();
  #count = 0;

  note(service: string, name: string, kind: number): void {
    if (service === '' || service.length > NAME_MAX || name.length > NAME_MAX) return;
    let operations = this.#services.get(service);
    const kinds = operations?.get(name);
    if (kinds !== undefined && (kinds & (1 << kind)) !== 0) return;
    if (kinds === undefined && this.#count >= OPERATIONS_MAX) return;
    if (!operations) {
      operations = new Map();
      this.#services.set(service, operations);
    }
    if (kinds === undefined) this.#count += 1;
    operations.set(name, (kinds ?? 0) | (1 << kind));
  }

  /** By name. */
  services(): string[] {
    return [...this.#services.keys()].toSorted();
  }

  /** Of a service, by name; an operation with spans of two kinds is there twice. */
  operations(service: string): Operation[] {
    const operations = this.#services.get(service) ?? new Map<string, number>();
    return [...operations]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, bits]) =>
        Array.from({ length: KINDS }, (_, kind) => kind)
          .filter((kind) => (bits & (1 << kind)) !== 0)
          .map((kind) => ({ name, kind })),
      );
  }
}
