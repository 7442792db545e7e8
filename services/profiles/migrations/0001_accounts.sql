-- Up Migration
CREATE TABLE accounts (
  id uuid PRIMARY KEY,
  email text NOT NULL UNIQUE CHECK (email = lower(email)),
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('customer', 'admin')),
  disabled boolean NOT NULL DEFAULT false,
  password_hash text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL
);
CREATE INDEX accounts_admins ON accounts (id) WHERE role = 'admin' AND NOT disabled;

CREATE TABLE addresses (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  address jsonb NOT NULL
);
CREATE INDEX addresses_account ON addresses (account_id, id);

-- One sign-in and all the refresh tokens that descend from it.
CREATE TABLE session_families (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz
);
CREATE INDEX session_families_account ON session_families (account_id, id);
CREATE INDEX session_families_expiry ON session_families (expires_at);

-- sealed_successor can be opened only with the token itself, which is not here.
CREATE TABLE refresh_tokens (
  hash bytea PRIMARY KEY,
  family_id uuid NOT NULL REFERENCES session_families ON DELETE CASCADE,
  replaced_at timestamptz,
  sealed_successor bytea
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family_id);

CREATE TABLE throttle_windows (
  subject text PRIMARY KEY,
  attempts integer NOT NULL,
  ends_at timestamptz NOT NULL
);
CREATE INDEX throttle_windows_end ON throttle_windows (ends_at);
