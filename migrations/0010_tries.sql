-- Tries: how large the next guest of a cell is, and how its earlier tries ended.
-- Lock: ACCESS EXCLUSIVE on `cells`, whose rows are not rewritten. Time: milliseconds.
ALTER TABLE cells
    -- 0 is what guests have.
    ADD COLUMN memory_bytes bigint NOT NULL DEFAULT 0 CHECK (memory_bytes >= 0),
    -- Array of domain::cell::Ended, oldest first.
    ADD COLUMN ended jsonb NOT NULL DEFAULT '[]';
