/** Who a request acts for, as the edge established it. */
export type Principal = { readonly id: string; readonly role: string };

/** What travels with every call: who asks, and until when an answer is of use. */
export type CallContext = {
  /** Aborts when the caller has gone or the deadline has passed. */
  readonly signal: AbortSignal;
  /** Monotonic milliseconds (see `Clock.monotonic`) after which nobody waits for the answer. */
  readonly deadlineMs: number;
  readonly principal?: Principal | undefined;
  /** The address of the client outside, as the edge saw it. */
  readonly clientAddress?: string | undefined;
};

/** Header names that carry a {@link CallContext} from one service to the next. */
export const callHeaders = {
  principalId: 'x-principal-id',
  principalRole: 'x-principal-role',
  clientAddress: 'x-client-address',
  /** Milliseconds left; relative, so that clocks need not agree. */
  timeoutMs: 'x-request-timeout-ms',
} as const;
