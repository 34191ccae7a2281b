-- Evidence: what was observed for a cell. Rows are never changed; the bytes are in the object
-- store, named by digest.
-- Lock: none (new table). Time: milliseconds.
CREATE TABLE evidence (
    -- Of the JSON before compression.
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    bytes bigint NOT NULL CHECK (bytes > 0),
    stored_bytes bigint NOT NULL CHECK (stored_bytes > 0),
    cell_id uuid NOT NULL REFERENCES cells,
    fence bigint NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX evidence_cell ON evidence (cell_id);

CREATE FUNCTION evidence_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE check_violation USING MESSAGE = 'evidence is never changed';
END
$$;
CREATE TRIGGER evidence_stays BEFORE UPDATE ON evidence
    FOR EACH ROW EXECUTE FUNCTION evidence_stays();
