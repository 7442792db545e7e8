-- Up Migration

-- A product is a document of any shape; what is searched and sorted by is derived from it.
CREATE TABLE products (
  id uuid PRIMARY KEY,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'archived')),
  version integer NOT NULL DEFAULT 1,
  doc jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  slug text NOT NULL GENERATED ALWAYS AS (doc ->> 'slug') STORED,
  name text NOT NULL GENERATED ALWAYS AS (doc ->> 'name') STORED,
  category text NOT NULL GENERATED ALWAYS AS (doc ->> 'category') STORED,
  price_amount bigint NOT NULL GENERATED ALWAYS AS ((doc #>> '{price,amount}')::bigint) STORED,
  -- Stems for whole words, and the words as they are for those still being typed.
  search tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('english', doc ->> 'name'), 'A')
    || setweight(to_tsvector('simple', doc ->> 'name'), 'A')
    || setweight(to_tsvector('english', doc ->> 'category'), 'B')
    || setweight(to_tsvector('simple', doc ->> 'category'), 'B')
    || setweight(jsonb_to_tsvector('english', doc -> 'attributes', '["string", "numeric"]'), 'C')
    || setweight(jsonb_to_tsvector('simple', doc -> 'attributes', '["string", "numeric"]'), 'C')
    || setweight(to_tsvector('english', doc ->> 'description'), 'D')
    || setweight(to_tsvector('simple', doc ->> 'description'), 'D')
  ) STORED
);
CREATE UNIQUE INDEX products_slug ON products (slug);
CREATE INDEX products_search ON products USING gin (search);
CREATE INDEX products_attributes ON products USING gin ((doc -> 'attributes') jsonb_path_ops);
CREATE INDEX products_category ON products (category) WHERE status = 'active';
CREATE INDEX products_price ON products (price_amount, id) WHERE status = 'active';

-- What the images service has told of pictures, so that reading a product asks nobody.
CREATE TABLE product_image_renditions (
  image_id uuid PRIMARY KEY,
  renditions jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
