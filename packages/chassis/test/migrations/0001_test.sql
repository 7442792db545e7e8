-- Up Migration
CREATE TABLE things (id text PRIMARY KEY, n integer NOT NULL CHECK (n >= 0));
CREATE TABLE effects (seq bigint GENERATED ALWAYS AS IDENTITY, subject text, n integer);
