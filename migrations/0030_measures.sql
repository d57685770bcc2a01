-- What keepers, an account's own server, or a block of its whole server did about it. The times beside them say whether a measure holds at all;
-- these say for whose sake, as bits: 1 keepers, 2 the account's own server, 4 a block of its server.
ALTER TABLE accounts ADD COLUMN limited_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN suspended_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN sensitive_at BIGINT;
UPDATE accounts SET limited_by = 1 WHERE limited_at IS NOT NULL;
UPDATE accounts SET suspended_by = 1 WHERE suspended_at IS NOT NULL;

-- What a member was told of a measure against them.
CREATE TABLE strikes (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    action     TEXT NOT NULL,                         -- none, disable, sensitive, silence, suspend: the API's words
    text       TEXT NOT NULL DEFAULT '',
    report_id  BIGINT REFERENCES reports (id),
    status_ids TEXT,                                  -- JSON array of numbers, NULL where it is about none
    keeper_id  BIGINT REFERENCES accounts (id),       -- NULL: at the command line
    created_at BIGINT NOT NULL
);
CREATE INDEX strikes_by_account ON strikes (account_id, id);

-- Who of the keepers did what.
CREATE TABLE audit_log (
    id          BIGINT PRIMARY KEY,
    keeper_id   BIGINT REFERENCES accounts (id),      -- NULL: at the command line
    action      TEXT NOT NULL,                        -- such as account.suspend
    target_kind TEXT NOT NULL,                        -- account, domain_block, domain_allow
    target_id   BIGINT NOT NULL,
    target_name TEXT NOT NULL,                        -- as it was called then
    details     TEXT NOT NULL DEFAULT '{}',
    created_at  BIGINT NOT NULL
);
CREATE INDEX audit_log_by_target ON audit_log (target_kind, target_id, id);

-- Reports come from other servers too: by what address they are known there.
ALTER TABLE reports ADD COLUMN uri TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX reports_by_uri ON reports (uri, target_id) WHERE uri <> '';
CREATE INDEX severances_open ON severances (kind, target_name) WHERE finished_at IS NULL;
