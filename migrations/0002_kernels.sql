-- Kernels: every build a worker ever offered. A build keeps its digest for ever.
-- Lock: none (new table). Time: milliseconds.
CREATE TABLE kernels (
    id text PRIMARY KEY,
    release text NOT NULL,
    version text NOT NULL,
    series text NOT NULL,
    distro text NOT NULL,
    suites text[] NOT NULL,
    flavour text NOT NULL,
    arch text NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    download_bytes bigint NOT NULL CHECK (download_bytes >= 0)
);
