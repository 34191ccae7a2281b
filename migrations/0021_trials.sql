-- Trials: cells in which what may help a refused one is tried. They decide nothing.
-- Lock: ACCESS EXCLUSIVE on `runs` and `cells`, without a rewrite, for one scan of `cells` that holds it to the checks.
-- Time: a second for each million cells.
ALTER TABLE runs ADD COLUMN try_remedies boolean NOT NULL DEFAULT false;
ALTER TABLE cells
    ADD COLUMN trial_of uuid REFERENCES cells,
    -- Array of domain::change::Change, at most CHANGES_BYTES_MAX of them, which JSON may escape.
    ADD COLUMN changes jsonb NOT NULL DEFAULT '[]' CHECK (octet_length(changes::text) <= 262144),
    ADD CHECK ((trial_of IS NULL) = (changes = '[]')),
    ADD CHECK (trial_of IS NULL OR NOT required);
-- A refused cell is tried once with all that may help it.
CREATE UNIQUE INDEX cells_trial_of ON cells (trial_of) WHERE trial_of IS NOT NULL;
-- A run tells how many of its cells they are.
CREATE INDEX cells_trials ON cells (run_id) WHERE trial_of IS NOT NULL;
