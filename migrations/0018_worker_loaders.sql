-- External loaders of a worker, with the digests of their programs. Those inside its validator every worker has.
-- Lock: none (new table). Time: milliseconds. Workers that are connected now tell theirs when they connect again.
CREATE TABLE worker_loaders (
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    loader text NOT NULL CHECK (loader ~ '^[a-z][a-z0-9_-]{0,31}$'),
    program bytea NOT NULL CHECK (octet_length(program) = 32),
    PRIMARY KEY (worker_id, loader)
);
