/** One attempt to place an order, and what the client learned of it. */
export type Placement = {
  accountId: string;
  key: string;
  /** In the order they came; an attempt without an answer left none. */
  replies: { status: number; body: unknown }[];
};

/** The id of the order that a reply speaks of. */
export function orderIdOf(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const id: unknown = Reflect.get(body, 'order_id') ?? Reflect.get(body, 'id');
  return typeof id === 'string' ? id : undefined;
}

/** Whether the reply is the one that is kept with the key: it names the order and its end. */
export function isFinal({ status, body }: Placement['replies'][number]): boolean {
  return status === 201 || (status >= 400 && orderIdOf(body) !== undefined);
}
