-- Servers whose people a member does not want to meet: exactly this name, not the names below it.
CREATE TABLE account_domain_blocks (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    domain     TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, domain)
);
CREATE INDEX account_domain_blocks_by_account ON account_domain_blocks (account_id, id);

-- An event that ended many of a member's follows at once; the follows themselves are kept, so that a list of them can be had.
CREATE TABLE severances (
    id          BIGINT PRIMARY KEY,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    kind        TEXT NOT NULL,              -- user_domain_block, domain_block, account_suspension
    target_name TEXT NOT NULL,
    followers   BIGINT NOT NULL DEFAULT 0,
    following   BIGINT NOT NULL DEFAULT 0,
    purged      BOOLEAN NOT NULL DEFAULT FALSE,
    created_at  BIGINT NOT NULL,
    finished_at BIGINT                      -- NULL while follows are still being ended
);
CREATE INDEX severances_by_account ON severances (account_id, id);

CREATE TABLE severed_follows (
    severance_id BIGINT NOT NULL REFERENCES severances (id),
    target_id    BIGINT NOT NULL REFERENCES accounts (id),   -- the other end
    outgoing     BOOLEAN NOT NULL,                           -- the member followed the other
    show_boosts  BOOLEAN NOT NULL DEFAULT TRUE,
    notify       BOOLEAN NOT NULL DEFAULT FALSE,
    languages    TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (severance_id, outgoing, target_id)
);

-- What a member wrote down about somebody, for nobody else to read.
CREATE TABLE account_notes (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    target_id  BIGINT NOT NULL REFERENCES accounts (id),
    comment    TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, target_id)
);

-- People whom a member shows on their profile.
CREATE TABLE endorsements (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    target_id  BIGINT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, target_id)
);
CREATE INDEX endorsements_by_account ON endorsements (account_id, id);

CREATE TABLE reports (
    id              BIGINT PRIMARY KEY,
    account_id      BIGINT NOT NULL REFERENCES accounts (id),   -- who reported
    target_id       BIGINT NOT NULL REFERENCES accounts (id),
    category        TEXT NOT NULL,                              -- spam, legal, violation, other
    comment         TEXT NOT NULL DEFAULT '',
    status_ids      TEXT NOT NULL DEFAULT '[]',                 -- JSON arrays of numbers; what is gone since stays named
    collection_ids  TEXT NOT NULL DEFAULT '[]',
    rule_ids        TEXT,                                       -- only of a violation
    forward         BOOLEAN NOT NULL DEFAULT FALSE,             -- the reporter wishes that other servers are told
    forward_domains TEXT NOT NULL DEFAULT '[]',
    forwarded       BOOLEAN NOT NULL DEFAULT FALSE,             -- they were
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    resolved_at     BIGINT,
    resolved_by_id  BIGINT REFERENCES accounts (id)             -- NULL: at the command line
);
CREATE INDEX reports_open ON reports (id) WHERE resolved_at IS NULL;
CREATE INDEX reports_by_account ON reports (account_id, id);
CREATE INDEX reports_by_target ON reports (target_id, id);
