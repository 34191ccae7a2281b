-- Leases: who may answer which cell, and until when. Heartbeats touch only this narrow table;
-- the free space in its pages and the absence of an index on `expires_at` keep them in place.
-- Lock: none (new sequence and table). Time: milliseconds.
CREATE SEQUENCE fences;

CREATE TABLE leases (
    cell_id uuid PRIMARY KEY REFERENCES cells,
    worker_id uuid NOT NULL REFERENCES workers,
    -- Grows with every claim, so an answer from an older lease is recognised.
    fence bigint NOT NULL UNIQUE,
    stage text NOT NULL DEFAULT '',
    percent smallint NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
    expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX leases_worker ON leases (worker_id);
