-- Up Migration
-- Finds the first mail that an account still waits for.
CREATE INDEX mails_waiting ON mails (account_id, created_at, id) WHERE status = 'queued';
