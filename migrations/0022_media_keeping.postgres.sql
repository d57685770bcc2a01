-- Copies of avatars and headers of other servers: keys of files; '' for none.
ALTER TABLE accounts ADD COLUMN avatar_key TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN header_key TEXT NOT NULL DEFAULT '';

-- The author's server, which keepers may refuse the media of; '' for ours.
ALTER TABLE attachments ADD COLUMN domain TEXT NOT NULL DEFAULT '';
UPDATE attachments SET domain = COALESCE((SELECT a.domain FROM accounts a WHERE a.id = attachments.account_id), '') WHERE remote_url <> '';

-- What is done with the media of a server and those below it, where it is not what is done with everybody's.
CREATE TABLE media_domains (
    domain     TEXT PRIMARY KEY,
    mode       TEXT NOT NULL,                     -- store, proxy, reject
    changed_at BIGINT NOT NULL
);

-- What is counted, what else an attachment or account shows, and what is compared with a list of the store (in the order of bytes).
CREATE INDEX files_used ON files (noun, remote, size) WHERE state = 'kept';
CREATE INDEX files_by_owner ON files (owner, noun);
ALTER TABLE files ALTER COLUMN key TYPE TEXT COLLATE "C";
CREATE UNIQUE INDEX files_by_key ON files (key);
