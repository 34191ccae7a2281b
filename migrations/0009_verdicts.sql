-- Verdicts: what evidence means, and the one each settled cell ended with.
-- Lock: none for the new table; ACCESS EXCLUSIVE on the still empty `cells`. Time: milliseconds.
CREATE TABLE verdicts (
    id uuid PRIMARY KEY,
    -- Digest of domain::question::Question. Absent when nothing was asked of a guest.
    question bytea CHECK (octet_length(question) = 32),
    verdict verdict NOT NULL,
    -- domain::verdict::CellVerdict.
    answer jsonb NOT NULL,
    -- domain::evidence::Guest and KernelFacts of the evidence.
    guest jsonb,
    kernel_facts jsonb,
    evidence bytea REFERENCES evidence,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((question IS NULL) = (evidence IS NULL)),
    CHECK ((guest IS NULL) = (evidence IS NULL))
);
-- Only conclusive verdicts answer the same question again.
CREATE INDEX verdicts_question ON verdicts (question, recorded_at DESC) WHERE verdict <> 'inconclusive';

ALTER TABLE cells
    ADD COLUMN verdict_id uuid REFERENCES verdicts,
    ADD CHECK ((state = 'settled') = (verdict_id IS NOT NULL));
