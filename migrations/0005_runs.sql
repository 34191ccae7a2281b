-- Runs, with the edges of their life (domain::run draws them).
-- Lock: none (new type and table). Time: milliseconds.
CREATE TYPE run_state AS ENUM ('queued', 'running', 'finished', 'cancelled');

CREATE TABLE runs (
    id uuid PRIMARY KEY,
    state run_state NOT NULL DEFAULT 'queued',
    level text NOT NULL CHECK (level IN ('load', 'attach')),
    kernels text NOT NULL,
    optional_kernels text NOT NULL,
    cell_timeout_ms integer NOT NULL CHECK (cell_timeout_ms > 0),
    -- Counts of cells; `settled` is kept by whoever settles one, under this row's lock.
    cells integer NOT NULL CHECK (cells > 0),
    settled integer NOT NULL DEFAULT 0 CHECK (settled BETWEEN 0 AND cells),
    verdict verdict,
    -- Only attended runs have it: cancelled when this passes.
    attended_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CHECK ((state IN ('finished', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK ((state IN ('finished', 'cancelled')) = (verdict IS NOT NULL)),
    CHECK (state <> 'finished' OR settled = cells)
);
CREATE INDEX runs_attended ON runs (attended_until)
    WHERE state IN ('queued', 'running') AND attended_until IS NOT NULL;

CREATE FUNCTION run_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'queued' THEN
            RAISE check_violation USING MESSAGE = 'a run begins queued, not ' || NEW.state;
        END IF;
    ELSIF (OLD.state, NEW.state) NOT IN (
        ('queued', 'running'), ('queued', 'finished'), ('queued', 'cancelled'),
        ('running', 'finished'), ('running', 'cancelled')
    ) THEN
        RAISE check_violation USING MESSAGE = 'a run does not go from ' || OLD.state || ' to ' || NEW.state;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER run_edge BEFORE INSERT OR UPDATE OF state ON runs
    FOR EACH ROW EXECUTE FUNCTION run_edge();
