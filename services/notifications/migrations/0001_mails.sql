-- Up Migration
CREATE TABLE mails (
  id uuid PRIMARY KEY,
  event_id uuid NOT NULL UNIQUE,
  account_id uuid NOT NULL,
  kind text NOT NULL,
  data jsonb NOT NULL,
  traceparent text,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'sent', 'kept', 'failed')),
  recipient text,
  subject text,
  body_text text,
  body_html text,
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL
);
CREATE INDEX mails_due ON mails (next_attempt_at) WHERE status = 'queued';
CREATE INDEX mails_newest ON mails (created_at DESC, id DESC);
