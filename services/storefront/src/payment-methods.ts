/** The sandbox's stand-ins for cards, in plain words. */
export const paymentMethods = [
  { token: 'tok_ok', label: 'Test card that works', hint: 'The payment goes through.' },
  { token: 'tok_declined', label: 'Test card that is declined', hint: 'The bank says no.' },
  {
    token: 'tok_insufficient_funds',
    label: 'Test card without enough money',
    hint: 'The bank says no, and why.',
  },
  {
    token: 'tok_timeout_after_capture',
    label: 'Test card whose provider goes silent',
    hint: 'The money is taken, then the provider hangs.',
  },
  {
    token: 'tok_error_once',
    label: 'Test card whose provider fails once',
    hint: 'The first try fails, the next one works.',
  },
] as const;
