-- What a cell's loader works in; until now only the number of processors, which was always 1. An axis that
-- is not in it has its usual value.
-- `cpus` stays, with what it always was, for controllers that are older than this; a later version drops it.
-- Lock: ACCESS EXCLUSIVE on cells, without a rewrite. Time: milliseconds.
ALTER TABLE cells ADD COLUMN axes jsonb NOT NULL DEFAULT '{}';
ALTER TABLE cells ALTER COLUMN cpus SET DEFAULT 1;
