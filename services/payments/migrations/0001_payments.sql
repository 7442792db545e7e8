-- Up Migration
CREATE TABLE payments (
  id uuid PRIMARY KEY,
  order_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN (
    'authorizing', 'authorized', 'declined', 'capturing', 'captured',
    'voiding', 'voided', 'refunding', 'refunded'
  )),
  amount bigint NOT NULL CHECK (amount >= 0),
  currency text NOT NULL,
  -- Kept only while an authorisation may have to be asked for again.
  token text,
  decline_reason text,
  idempotency_key text NOT NULL,
  traceparent text,
  -- Every write counts up; a result is written only over the version it was asked for.
  version integer NOT NULL DEFAULT 1,
  event_count integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0,
  -- Until then a call to the provider is under way and nobody else starts one.
  busy_until timestamptz,
  -- When the provider is to be asked again; null when nothing is open.
  check_at timestamptz,
  -- Until then an authorisation that was voided unseen may still turn up.
  watch_until timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX payments_open ON payments (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX payments_order ON payments (order_id);

-- Payments that were voided before they were asked for: an authorisation that comes late is refused.
CREATE TABLE refused_payments (
  id uuid PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Debits are positive, credits negative. Authorisations move no money and are not in here.
CREATE TABLE ledger_entries (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  transaction_id uuid NOT NULL,
  payment_id uuid NOT NULL REFERENCES payments (id),
  kind text NOT NULL CHECK (kind IN ('capture', 'refund')),
  account text NOT NULL CHECK (account IN ('provider_receivable', 'sales')),
  amount bigint NOT NULL,
  currency text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT posted_once UNIQUE (payment_id, kind, account)
);
CREATE INDEX ledger_transactions ON ledger_entries (transaction_id);

CREATE FUNCTION require_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT FROM ledger_entries WHERE transaction_id = NEW.transaction_id
    GROUP BY currency HAVING sum(amount) <> 0
  ) THEN
    RAISE EXCEPTION 'ledger transaction % does not sum to zero', NEW.transaction_id
      USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER balanced AFTER INSERT ON ledger_entries
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balance();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
