-- What a worker said of itself with its last heartbeat: its budget, and the tally of what happened.
-- Lock: exclusive on `workers`, without a rewrite. Time: milliseconds.
ALTER TABLE workers
    ADD COLUMN condition jsonb CHECK (octet_length(condition::text) <= 32768);
