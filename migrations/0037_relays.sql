-- Relays that pass on what everybody may read, both ways.
CREATE TABLE relays (
    id         BIGINT PRIMARY KEY,
    inbox_url  TEXT NOT NULL UNIQUE,
    state      TEXT NOT NULL,             -- idle, pending, accepted, rejected
    follow_uri TEXT NOT NULL DEFAULT '',  -- of the Follow that asks; '' when none holds
    account_id BIGINT REFERENCES accounts (id), -- who accepted, and so speaks for it
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
