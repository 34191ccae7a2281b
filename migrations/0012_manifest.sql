-- What is declared of the objects' loader: the run's manifest as it was submitted.
-- Lock: exclusive on `runs`, without a rewrite. Time: milliseconds.
ALTER TABLE runs
    ADD COLUMN manifest jsonb NOT NULL DEFAULT '{}' CHECK (octet_length(manifest::text) <= 2097152);
