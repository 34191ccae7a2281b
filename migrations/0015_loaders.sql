-- Cells of other loaders than libbpf. Which there are is decided where a run is submitted.
-- Lock: ACCESS EXCLUSIVE on cells. Time: one scan of the table, as the new check is validated.
ALTER TABLE cells DROP CONSTRAINT cells_loader_check;
ALTER TABLE cells ADD CONSTRAINT cells_loader_check CHECK (loader ~ '^[a-z][a-z0-9_-]{0,31}$');
