-- What kernels offer to programs, as a validator in a guest of theirs saw it.
-- Lock: none (new table). Time: milliseconds.
CREATE TABLE kernel_offers (
    kernel_digest bytea NOT NULL CHECK (octet_length(kernel_digest) = 32),
    validator bytea NOT NULL CHECK (octet_length(validator) = 32),
    -- Names and values have at most 256 KiB; what stands around them comes to less than as much again.
    offers jsonb NOT NULL CHECK (jsonb_typeof(offers) = 'object' AND octet_length(offers::text) <= 524288),
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (kernel_digest, validator)
);
