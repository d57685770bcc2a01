-- Servers that are limited or kept away, each with those below it.
CREATE TABLE domain_blocks (
    id              BIGINT PRIMARY KEY,
    domain          TEXT NOT NULL UNIQUE,             -- in its one spelling
    severity        TEXT NOT NULL,                    -- noop, silence, suspend
    reject_media    BOOLEAN NOT NULL DEFAULT FALSE,
    reject_reports  BOOLEAN NOT NULL DEFAULT FALSE,
    private_comment TEXT NOT NULL DEFAULT '',
    public_comment  TEXT NOT NULL DEFAULT '',
    obfuscate       BOOLEAN NOT NULL DEFAULT FALSE,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);

-- The only servers that are spoken with while federation is limited: exactly these names.
CREATE TABLE domain_allows (
    id         BIGINT PRIMARY KEY,
    domain     TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL
);
