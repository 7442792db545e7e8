import { ProblemError } from '@faultline/chassis/errors';
import type { Refusal } from '../reservation.ts';

const details: Readonly<Record<Refusal, string>> = {
  reservation_expired: 'The reservation has expired; its stock is no longer held.',
  reservation_released: 'The reservation was released; its stock is no longer held.',
};

/** The 409 for a reservation that holds nothing any more. */
export function refused(reason: Refusal): ProblemError {
  return new ProblemError('conflict', details[reason], { reason });
}

export function noReservation(): ProblemError {
  return new ProblemError('not_found', 'There is no such reservation.');
}
