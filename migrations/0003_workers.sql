-- Workers: one row per session, and the kernels each can boot.
-- Lock: none (new tables). Time: milliseconds.
CREATE TYPE worker_state AS ENUM ('connected', 'gone');

CREATE TABLE workers (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (octet_length(name) BETWEEN 1 AND 255),
    state worker_state NOT NULL DEFAULT 'connected',
    version text NOT NULL,
    validator bytea NOT NULL CHECK (octet_length(validator) = 32),
    cpus integer NOT NULL CHECK (cpus > 0),
    memory_bytes bigint NOT NULL CHECK (memory_bytes >= 0),
    accelerator text NOT NULL CHECK (accelerator IN ('tcg', 'kvm')),
    qemu text NOT NULL,
    slots integer NOT NULL CHECK (slots > 0),
    last_seen_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE worker_kernels (
    worker_id uuid NOT NULL REFERENCES workers ON DELETE CASCADE,
    kernel_id text NOT NULL REFERENCES kernels,
    PRIMARY KEY (worker_id, kernel_id)
);
CREATE INDEX worker_kernels_kernel ON worker_kernels (kernel_id);
