-- Up Migration
CREATE TABLE stock (
  product_id uuid PRIMARY KEY,
  received integer NOT NULL CHECK (received >= 0),
  available integer NOT NULL CHECK (available >= 0),
  reserved integer NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  sold integer NOT NULL DEFAULT 0 CHECK (sold >= 0),
  version integer NOT NULL DEFAULT 1,
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT nothing_lost CHECK (received = available + reserved + sold)
);

-- A released reservation without items is the memory of a release that came before its reservation.
CREATE TABLE reservations (
  id uuid PRIMARY KEY,
  status text NOT NULL CHECK (status IN ('reserved', 'committed', 'released', 'returned', 'expired')),
  items jsonb NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reservations_held ON reservations (expires_at) WHERE status = 'reserved';
