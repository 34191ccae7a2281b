-- What was uploaded is an object, or an archive with the files of a command.
-- Lock: exclusive on `objects`, without a rewrite. Time: milliseconds.
ALTER TABLE objects ADD COLUMN is_command boolean NOT NULL DEFAULT false;
