-- Up Migration

CREATE TABLE images (
  id uuid PRIMARY KEY,
  owner_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'queued'
    CHECK (status IN ('queued', 'processing', 'ready', 'rejected')),
  reason text,
  version integer NOT NULL DEFAULT 1,
  -- How often a worker has begun; the number also tells a late worker that another took over.
  attempts integer NOT NULL DEFAULT 0,
  -- As uploaded; forgotten once it is ready or rejected.
  original bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((status = 'rejected') = (reason IS NOT NULL)),
  CHECK ((status IN ('queued', 'processing')) = (original IS NOT NULL))
);
CREATE INDEX images_waiting ON images (status) WHERE status IN ('queued', 'processing');
-- Already compressed by its format.
ALTER TABLE images ALTER COLUMN original SET STORAGE EXTERNAL;

-- Content by its hash, once, however many pictures have it.
CREATE TABLE blobs (
  hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
  bytes bytea NOT NULL
);
ALTER TABLE blobs ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE renditions (
  image_id uuid NOT NULL REFERENCES images,
  width integer NOT NULL,
  height integer NOT NULL,
  hash text NOT NULL REFERENCES blobs,
  PRIMARY KEY (image_id, width)
);
