export type Operation = 'authorize' | 'capture' | 'void' | 'refund';

/** How the sandbox treats one call, decided by the token alone. */
export type Behaviour = {
  /** Refused for this reason; otherwise approved when the charge's state allows it. */
  decline?: string;
  /** `error`: a 500 without effect. `never`: it is performed, but the answer does not come. */
  answer: 'reply' | 'error' | 'never';
  delayMs: number;
};

const SLOW_MS = 1_000;
const fine: Behaviour = { answer: 'reply', delayMs: 0 };

type Rule = (operation: Operation, earlierCalls: number) => Behaviour;

const rules: Readonly<Record<string, Rule>> = {
  tok_ok: () => fine,
  tok_declined: on('authorize', { ...fine, decline: 'card_declined' }),
  tok_insufficient_funds: on('authorize', { ...fine, decline: 'insufficient_funds' }),
  tok_capture_declined: on('capture', { ...fine, decline: 'authorization_expired' }),
  tok_slow: () => ({ ...fine, delayMs: SLOW_MS }),
  tok_error_once: first('authorize', { ...fine, answer: 'error' }),
  tok_timeout_on_authorize: first('authorize', { ...fine, answer: 'never' }),
  tok_timeout_after_capture: first('capture', { ...fine, answer: 'never' }),
};

const unknownToken: Rule = on('authorize', { ...fine, decline: 'unknown_card' });

/** `earlierCalls` counts the calls of this operation on this charge before this one. */
export function behave(token: string, operation: Operation, earlierCalls: number): Behaviour {
  const rule = Object.hasOwn(rules, token) ? rules[token] : undefined;
  return (rule ?? unknownToken)(operation, earlierCalls);
}

function on(operation: Operation, behaviour: Behaviour): Rule {
  return (actual) => (actual === operation ? behaviour : fine);
}

function first(operation: Operation, behaviour: Behaviour): Rule {
  return (actual, earlierCalls) => (actual === operation && earlierCalls === 0 ? behaviour : fine);
}
