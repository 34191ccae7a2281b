-- Objects: what was uploaded. The bytes are in the object store, named by digest.
-- Lock: none (new table). Time: milliseconds.
CREATE TABLE objects (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255),
    bytes bigint NOT NULL CHECK (bytes > 0),
    programs text[] NOT NULL,
    maps text[] NOT NULL,
    uploaded_at timestamptz NOT NULL DEFAULT now()
);
