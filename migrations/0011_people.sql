-- What an account shows on its profile, and which sites may name it as their author (JSON array of domains).
ALTER TABLE accounts ADD COLUMN show_media BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE accounts ADD COLUMN show_media_replies BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE accounts ADD COLUMN show_featured BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE accounts ADD COLUMN attribution_domains TEXT NOT NULL DEFAULT '[]';

-- How a member likes to read.
ALTER TABLE members ADD COLUMN expand_media TEXT NOT NULL DEFAULT 'default';   -- default, show_all, hide_all
ALTER TABLE members ADD COLUMN expand_warnings BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE members ADD COLUMN autoplay_gifs BOOLEAN NOT NULL DEFAULT FALSE;

-- The app a member joined with; NULL: our own pages.
ALTER TABLE members ADD COLUMN app_id BIGINT;

-- Whether an account wishes to be found: 0 no, 1 elsewhere, 2 here. It stands beside the counts so that one index serves the directory.
ALTER TABLE account_counts ADD COLUMN listed BIGINT NOT NULL DEFAULT 0;
UPDATE account_counts SET listed = COALESCE((SELECT CASE WHEN a.domain = '' THEN 2 ELSE 1 END FROM accounts a WHERE a.id = account_counts.account_id AND a.discoverable), 0);
CREATE INDEX directory_active ON account_counts ((COALESCE(last_status_at, 0)), account_id) WHERE listed > 0;
CREATE INDEX directory_active_here ON account_counts ((COALESCE(last_status_at, 0)), account_id) WHERE listed = 2;
CREATE INDEX directory_new ON account_counts (account_id) WHERE listed > 0;
CREATE INDEX directory_new_here ON account_counts (account_id) WHERE listed = 2;

-- Accounts that keepers suggest to every member.
CREATE TABLE suggestion_picks (
    account_id BIGINT PRIMARY KEY REFERENCES accounts (id),
    created_at BIGINT NOT NULL
);

-- Accounts that many members follow (most_followed) or like and boost (most_interactions), counted once a day.
CREATE TABLE suggestion_popular (
    source     TEXT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    score      BIGINT NOT NULL,
    PRIMARY KEY (source, account_id)
);

-- What a member does not want to be suggested again.
CREATE TABLE suggestion_dismissals (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    target_id  BIGINT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, target_id)
);
