-- Lists: a member's own feeds of chosen people.
CREATE TABLE lists (
    id             BIGINT PRIMARY KEY,
    account_id     BIGINT NOT NULL REFERENCES accounts (id),   -- whose it is
    title          TEXT NOT NULL,
    replies_policy TEXT NOT NULL DEFAULT 'list',               -- followed, list, none
    exclusive      BOOLEAN NOT NULL DEFAULT FALSE,             -- its people are not in the home feed
    created_at     BIGINT NOT NULL
);
CREATE INDEX lists_by_account ON lists (account_id, id);

-- A membership lives as long as the follow it was made for: the row of follows or follow_requests with that id, which
-- an accepted request passes on. NULL for the member's own account.
CREATE TABLE list_members (
    list_id    BIGINT NOT NULL REFERENCES lists (id),
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    follow_id  BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (list_id, account_id)
);
CREATE INDEX list_members_by_account ON list_members (account_id, list_id);

CREATE TABLE tag_follows (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    tag_id     BIGINT NOT NULL REFERENCES tags (id),
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, tag_id)
);
CREATE INDEX tag_follows_by_account ON tag_follows (account_id, id);

CREATE TABLE featured_tags (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    tag_id     BIGINT NOT NULL REFERENCES tags (id),
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, tag_id)
);

-- How a hashtag was used on each UTC day (days since 1970): by public statuses, and by how many accounts.
CREATE TABLE tag_days (
    tag_id   BIGINT NOT NULL REFERENCES tags (id),
    day      BIGINT NOT NULL,
    uses     BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    PRIMARY KEY (tag_id, day)
);
CREATE INDEX tag_days_by_day ON tag_days (day, accounts);

-- Who used it that day, so that each is counted once.
CREATE TABLE tag_day_accounts (
    day        BIGINT NOT NULL,
    tag_id     BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    PRIMARY KEY (day, tag_id, account_id)
);

-- Set while a public or unlisted status of one of our members is there: how often a member uses a hashtag is counted in the index alone.
ALTER TABLE status_tags ADD COLUMN member_id BIGINT;
UPDATE status_tags SET member_id = (SELECT s.author_id FROM statuses s WHERE s.id = status_tags.status_id)
    WHERE status_id IN (SELECT s.id FROM statuses s WHERE s.local AND s.deleted_at IS NULL AND s.visibility IN ('public', 'unlisted'));
CREATE INDEX status_tags_by_member ON status_tags (member_id, tag_id, status_id) WHERE member_id IS NOT NULL;

-- The languages a member wants on public timelines, by commas; '' for all.
ALTER TABLE members ADD COLUMN chosen_languages TEXT NOT NULL DEFAULT '';
