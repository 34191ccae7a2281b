-- A run may ask what programs do while they are attached.
-- Lock: exclusive on `runs`, which is read once to check the new constraint. Time: milliseconds for a million runs.
ALTER TABLE runs DROP CONSTRAINT runs_level_check;
ALTER TABLE runs ADD CONSTRAINT runs_level_check CHECK (level IN ('load', 'attach', 'behave'));
