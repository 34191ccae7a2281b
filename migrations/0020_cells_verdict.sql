-- The cells of a verdict, which a new one is given to.
-- Lock: SHARE on `cells` for one scan, during which nothing is queued nor settles. Time: seconds for each million cells.
CREATE INDEX cells_verdict ON cells (verdict_id);
