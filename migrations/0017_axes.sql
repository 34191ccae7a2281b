-- What a cell's loader works in; until now only the number of processors, which was always 1. An axis that
-- is not in it has its usual value.
-- Lock: ACCESS EXCLUSIVE on cells, without a rewrite. Time: milliseconds.
ALTER TABLE cells ADD COLUMN axes jsonb NOT NULL DEFAULT '{}';
ALTER TABLE cells DROP COLUMN cpus;
