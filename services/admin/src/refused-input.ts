import { ProblemError } from '@faultline/chassis/errors';
import { DependencyError } from '@faultline/chassis/http-client';

/**
 * The reply to what was passed on as it came. When a neighbour refuses that with a 400 its sender
 * is at fault, such as with a cursor of another list, not the neighbour.
 */
export async function acceptedInput<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (error) {
    if (!(error instanceof DependencyError) || error.upstreamStatus !== 400) throw error;
    throw new ProblemError(
      'invalid_request',
      `The service ${error.dependency} does not accept this request; is the cursor one of this list?`,
      { cause: error },
    );
  }
}
