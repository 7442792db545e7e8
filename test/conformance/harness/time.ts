/** Time as tests and their apps see it. Milliseconds. */
export type Time = {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
  /** Lets `ms` pass. */
  pass(ms: number): Promise<void>;
  /** Lets time pass until `promise` settles. */
  until<T>(promise: Promise<T>): Promise<T>;
};
