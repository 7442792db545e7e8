/** What was asked for is not possible: wrong input, or a state that does not allow it. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}
