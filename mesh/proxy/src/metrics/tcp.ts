import type { Labels, Registry, Series } from './registry.ts';

/** What is counted of a connection; a `Socket` has it. */
type Counted = {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  once(event: 'close', listener: () => void): unknown;
};

/** Linkerd's tcp_* of one class of connections. Bytes are those on the wire, of open ones too. */
export class TcpSeries {
  readonly #registry: Registry;
  readonly #labels: Labels;
  readonly #open = new Set<Counted>();
  readonly #opened: Series;
  #read = 0;
  #written = 0;

  constructor(registry: Registry, labels: Labels) {
    this.#registry = registry;
    this.#labels = labels;
    this.#opened = registry.counter('tcp_open_total', 'Connections opened.', labels);
    const sum = (name: string, help: string, read: () => number) =>
      registry.observed(name, help, { kind: 'counter', labels, read });
    registry.observed('tcp_open_connections', 'Connections open.', {
      kind: 'gauge',
      labels,
      read: () => this.#open.size,
    });
    sum('tcp_read_bytes_total', 'Bytes read from peers.', () => {
      return [...this.#open].reduce((bytes, { bytesRead }) => bytes + bytesRead, this.#read);
    });
    sum('tcp_write_bytes_total', 'Bytes written to peers.', () => {
      return [...this.#open].reduce((bytes, one) => bytes + one.bytesWritten, this.#written);
    });
  }

  /** Counts `socket` from now to its end. */
  open(socket: Counted): void {
    let errno = '';
    this.#opened.value++;
    this.#open.add(socket);
    socket.on('error', ({ code = 'unknown' }) => (errno = code));
    socket.once('close', () => {
      this.#open.delete(socket);
      this.#read += socket.bytesRead;
      this.#written += socket.bytesWritten;
      const labels = { ...this.#labels, errno };
      this.#registry.counter('tcp_close_total', 'Connections closed.', labels).value++;
    });
  }
}

const SERIES_MAX = 1_000;

/** The series of a direction's connections by client, so that each is made once. */
export class TcpSeriesMap {
  readonly #registry: Registry;
  readonly #known = new Map<string, TcpSeries>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  of(labels: Labels): TcpSeries {
    const key = JSON.stringify(labels);
    let series = this.#known.get(key);
    if (!series) {
      series = new TcpSeries(this.#registry, labels);
      if (this.#known.size >= SERIES_MAX) this.#known.clear();
      this.#known.set(key, series);
    }
    return series;
  }
}
