-- Whether the follower may be of another server. Who has a million followers here has none of them to look at when a status goes out.
ALTER TABLE follows ADD COLUMN remote BOOLEAN NOT NULL DEFAULT TRUE;
UPDATE follows SET remote = FALSE WHERE account_id IN (SELECT id FROM accounts WHERE domain = '');
CREATE INDEX follows_from_elsewhere ON follows (target_id, account_id) WHERE remote;
