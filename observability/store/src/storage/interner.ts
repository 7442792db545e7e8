import { Cursor, WIRE } from '../wire/cursor.ts';
import { type Attribute, readAttribute, valueText } from '../wire/values.ts';
import { AttributeHasher, hashBytes, hashText } from './hash.ts';

/** What many spans have in common and blocks share: encoded, and decoded once. */
type Shared = {
  /** The encoded message, a character for each byte. */
  readonly message: string;
  readonly schemaUrl: string;
  readonly attributes: readonly Attribute[];
  /** About what it takes in memory. */
  readonly size: number;
  /** How many blocks refer to it. */
  refs: number;
};

/** Who emitted a span. */
export type Resource = Shared & {
  readonly service: string;
  readonly serviceHash: number;
  readonly version: string | undefined;
  readonly instance: string | undefined;
  /** Same for equal resources. */
  readonly hash: number;
};

/** The instrumentation that made a span. */
export type Scope = Shared & {
  readonly name: string;
  readonly version: string;
  /** Hashes of its attributes, see `hash.ts`. */
  readonly tags: readonly number[];
};

/** Where an encoded message lies, and the schema its sender names. */
export type Encoded = { bytes: Buffer; start: number; end: number; schemaUrl: string };

/** Decoded attributes take more than their bytes. */
const SIZE_FACTOR = 8;
const SIZE_BASE = 256;

/** Keeps one of each, for as long as a block refers to it. */
export class Interner<T extends Shared> {
  readonly #known = new Map<string, T>();
  readonly #read: (encoded: Encoded, shared: Shared) => T;
  #bytes = 0;

  constructor(read: (encoded: Encoded, shared: Shared) => T) {
    this.#read = read;
  }

  /** About what all of them take in memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Those that some block refers to. */
  values(): Iterable<T> {
    return this.#known.values();
  }

  /**
   * The one that this encodes.
   * @throws WireError when it is broken.
   */
  intern(encoded: Encoded): T {
    const { bytes, start, end, schemaUrl } = encoded;
    const message = bytes.toString('latin1', start, end);
    const known = this.#known.get(`${schemaUrl}\n${message}`);
    if (known) return known;
    const size = SIZE_BASE + SIZE_FACTOR * (message.length + schemaUrl.length);
    return this.#read(encoded, { message, schemaUrl, attributes: [], size, refs: 0 });
  }

  /** A block refers to it from now on. */
  retain(one: T): void {
    if (one.refs === 0) {
      this.#known.set(`${one.schemaUrl}\n${one.message}`, one);
      this.#bytes += one.size;
    }
    one.refs += 1;
  }

  /** A block that referred to it is gone. */
  release(one: T): void {
    one.refs -= 1;
    if (one.refs > 0) return;
    this.#known.delete(`${one.schemaUrl}\n${one.message}`);
    this.#bytes -= one.size;
  }
}

/** Reads `opentelemetry.proto.resource.v1.Resource`. */
export function readResource({ bytes, start, end }: Encoded, shared: Shared): Resource {
  const attributes: Attribute[] = [];
  const cursor = new Cursor(bytes, start, end);
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    if (tag === (1 << 3) + WIRE.bytes) {
      const from = cursor.block();
      attributes.push(readAttribute(bytes, from, cursor.pos));
    } else cursor.skip(tag % 8);
  }
  const service = textOf(attributes, 'service.name') ?? '';
  return {
    ...shared,
    attributes,
    service,
    serviceHash: hashText(service),
    version: textOf(attributes, 'service.version'),
    instance: textOf(attributes, 'service.instance.id'),
    hash: hashBytes(bytes, { start, end }, hashText(shared.schemaUrl)),
  };
}

/** Reads `opentelemetry.proto.common.v1.InstrumentationScope`. */
export function readScope({ bytes, start, end }: Encoded, shared: Shared): Scope {
  const hasher = new AttributeHasher();
  const attributes: Attribute[] = [];
  const tags: number[] = [];
  let [name, version] = ['', ''];
  const cursor = new Cursor(bytes, start, end);
  while (!cursor.atEnd) {
    const tag = cursor.varint();
    if (tag === (1 << 3) + WIRE.bytes) name = cursor.text();
    else if (tag === (2 << 3) + WIRE.bytes) version = cursor.text();
    else if (tag === (3 << 3) + WIRE.bytes) {
      const from = cursor.block();
      attributes.push(readAttribute(bytes, from, cursor.pos));
      tags.push(hasher.hash(bytes, from, cursor.pos));
    } else cursor.skip(tag % 8);
  }
  return { ...shared, attributes, name, version, tags };
}

/** An attribute's value as text; undefined when there is none of the name. */
export function textOf(attributes: readonly Attribute[], key: string): string | undefined {
  const found = attributes.find((attribute) => attribute.key === key);
  return found && valueText(found.value);
}
