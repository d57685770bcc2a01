-- Emoji with which people of other servers answered statuses.
CREATE TABLE reactions (
    id         BIGINT PRIMARY KEY,
    status_id  BIGINT NOT NULL REFERENCES statuses (id),
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    name       TEXT NOT NULL,             -- an emoji, or the shortcode of a custom one
    domain     TEXT NOT NULL DEFAULT '',  -- whose custom emoji: '' is ours
    custom     BOOLEAN NOT NULL,
    uri        TEXT NOT NULL,             -- of the activity
    created_at BIGINT NOT NULL,
    UNIQUE (status_id, account_id, name, domain)
);
CREATE INDEX reactions_by_status ON reactions (status_id, id);
CREATE INDEX reactions_by_name ON reactions (status_id, name, domain, id);
CREATE INDEX reactions_by_uri ON reactions (uri);
