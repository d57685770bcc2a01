-- Accounts that a member recommends together.

CREATE TABLE collections (
    id           BIGINT PRIMARY KEY,
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    name         TEXT NOT NULL,
    description  TEXT NOT NULL DEFAULT '',
    language     TEXT NOT NULL DEFAULT '',
    tag          TEXT NOT NULL DEFAULT '',        -- as written
    sensitive    BOOLEAN NOT NULL DEFAULT FALSE,
    discoverable BOOLEAN NOT NULL DEFAULT TRUE,   -- shown on the owner's profile
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE INDEX collections_by_account ON collections (account_id, id);

-- Whoever left is not put back: the row stays, revoked.
CREATE TABLE collection_items (
    id            BIGINT PRIMARY KEY,
    collection_id BIGINT NOT NULL REFERENCES collections (id),
    account_id    BIGINT NOT NULL REFERENCES accounts (id),
    state         TEXT NOT NULL,                  -- pending, accepted, revoked
    created_at    BIGINT NOT NULL,
    UNIQUE (collection_id, account_id)
);
CREATE INDEX collection_items_by_account ON collection_items (account_id, id);
