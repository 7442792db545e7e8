-- Up Migration
CREATE TABLE orders (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN
    ('pending', 'confirmed', 'failed', 'cancelling', 'cancelled', 'refunding', 'refunded')),
  failure_reason text,
  failure_detail text,
  lines jsonb NOT NULL,
  total_amount integer NOT NULL CHECK (total_amount >= 0),
  currency text NOT NULL,
  shipping_address jsonb NOT NULL,
  reservation_id uuid NOT NULL UNIQUE,
  payment_id uuid NOT NULL UNIQUE,
  -- Counts the changes of the order that others can see, from 1: the sequence of its events.
  sequence integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((status = 'failed') = (failure_reason IS NOT NULL))
);
CREATE INDEX orders_of_account ON orders (account_id, id DESC);
CREATE INDEX orders_by_status ON orders (status, id DESC);

CREATE TABLE sagas (
  order_id uuid PRIMARY KEY REFERENCES orders (id),
  state jsonb NOT NULL,
  -- Grows with every result applied and every lease taken: who acts on an older one acts on nothing.
  sequence integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  -- When the step may be tried; null once there is nothing to do.
  next_attempt_at timestamptz,
  lease_owner text,
  lease_until timestamptz,
  idempotency_key text NOT NULL,
  traceparent text
);
CREATE INDEX sagas_due ON sagas (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- What stands for a card, for as long as it takes to authorise the payment.
CREATE TABLE payment_tokens (
  order_id uuid PRIMARY KEY REFERENCES orders (id),
  token text NOT NULL
);
