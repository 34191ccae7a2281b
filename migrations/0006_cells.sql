-- Cells, with the edges of their life (domain::cell draws them), and the verdicts they end with.
-- Lock: none (new types and tables). Time: milliseconds.
CREATE TYPE cell_state AS ENUM ('queued', 'leased', 'settled', 'cancelled');

CREATE TABLE cells (
    -- UUID version 7: their order is the order of the queue.
    id uuid PRIMARY KEY,
    run_id uuid NOT NULL REFERENCES runs,
    object bytea NOT NULL REFERENCES objects,
    kernel_id text NOT NULL REFERENCES kernels,
    loader text NOT NULL CHECK (loader IN ('libbpf')),
    cpus integer NOT NULL CHECK (cpus > 0),
    required boolean NOT NULL,
    state cell_state NOT NULL DEFAULT 'queued',
    -- Tries that ended in an answer or a crash.
    attempts smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- Times it came back without having been tried.
    give_backs smallint NOT NULL DEFAULT 0 CHECK (give_backs >= 0),
    queued_at timestamptz NOT NULL DEFAULT now(),
    -- Not claimed before; later than `queued_at` only after a give-back.
    ready_at timestamptz NOT NULL DEFAULT now(),
    -- Milliseconds until the first claim.
    queue_ms bigint CHECK (queue_ms >= 0),
    -- Name of the worker that had it last.
    worker text NOT NULL DEFAULT '',
    cached boolean NOT NULL DEFAULT false
);
CREATE INDEX cells_queue ON cells (id) WHERE state = 'queued';
CREATE INDEX cells_run ON cells (run_id);

CREATE FUNCTION cell_edge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'queued' THEN
            RAISE check_violation USING MESSAGE = 'a cell begins queued, not ' || NEW.state;
        END IF;
    ELSIF (OLD.state, NEW.state) NOT IN (
        ('queued', 'leased'), ('queued', 'settled'), ('queued', 'cancelled'),
        ('leased', 'queued'), ('leased', 'settled'), ('leased', 'cancelled')
    ) THEN
        RAISE check_violation USING MESSAGE = 'a cell does not go from ' || OLD.state || ' to ' || NEW.state;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER cell_edge BEFORE INSERT OR UPDATE OF state ON cells
    FOR EACH ROW EXECUTE FUNCTION cell_edge();
