-- Which rules judged a verdict, so that those of other rules can be found and judged again; the verdicts that were
-- there before do not tell. And the cells of a verdict, which a new one is given to.
-- Lock: exclusive on `verdicts`, without a rewrite; SHARE on `cells` for one scan, during which nothing settles.
ALTER TABLE verdicts ADD COLUMN rules bytea CHECK (octet_length(rules) = 32);
CREATE INDEX cells_verdict ON cells (verdict_id);
