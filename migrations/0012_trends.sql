-- Trends: what many use or like at once, and what keepers think of it.

-- Addresses that public statuses link to. One that no keeper looked at goes when its days do.
CREATE TABLE links (
    id          BIGINT PRIMARY KEY,
    url         TEXT NOT NULL UNIQUE,      -- canonical
    language    TEXT NOT NULL DEFAULT '',  -- of the status that brought it
    last_day    BIGINT NOT NULL,           -- the newest day of its use
    trendable   BOOLEAN,                   -- NULL: no keeper decided yet
    reviewed_at BIGINT,
    created_at  BIGINT NOT NULL
);
CREATE INDEX links_by_last_day ON links (last_day) WHERE trendable IS NULL;

-- The first link of a status.
CREATE TABLE link_statuses (
    status_id BIGINT PRIMARY KEY,
    link_id   BIGINT NOT NULL
);
CREATE INDEX link_statuses_by_link ON link_statuses (link_id, status_id);

-- As tag_days and tag_day_accounts.
CREATE TABLE link_days (
    link_id  BIGINT NOT NULL,
    day      BIGINT NOT NULL,
    uses     BIGINT NOT NULL,
    accounts BIGINT NOT NULL,
    PRIMARY KEY (link_id, day)
);
CREATE INDEX link_days_by_day ON link_days (day, accounts);
CREATE TABLE link_day_accounts (
    day        BIGINT NOT NULL,
    link_id    BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    PRIMARY KEY (day, link_id, account_id)
);

-- Hashtags and links that reached a peak in the last days. Scores are in millionths; one of 0 does not trend any more, and its
-- peak is remembered so that the same day does not raise it again.
CREATE TABLE trends (
    kind       TEXT NOT NULL,              -- tag, link
    subject_id BIGINT NOT NULL,
    peak       BIGINT NOT NULL,
    peak_at    BIGINT NOT NULL,
    score      BIGINT NOT NULL,
    PRIMARY KEY (kind, subject_id)
);
CREATE INDEX trends_by_score ON trends (kind, score, subject_id);

-- Statuses that trend, and those that a keeper decided on while they did.
CREATE TABLE trending_statuses (
    status_id  BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL,
    language   TEXT NOT NULL,
    score      BIGINT NOT NULL,
    trendable  BOOLEAN                     -- NULL: as its author
);
CREATE INDEX trending_statuses_by_score ON trending_statuses (score, status_id);

ALTER TABLE accounts ADD COLUMN trendable BOOLEAN;

-- What keepers allow a hashtag: to be used, to be found, to trend (NULL: nobody decided yet).
ALTER TABLE tags ADD COLUMN usable BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE tags ADD COLUMN listable BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE tags ADD COLUMN trendable BOOLEAN;
ALTER TABLE tags ADD COLUMN reviewed_at BIGINT;

-- The young statuses that somebody liked are few among all: fewer than two boosts and favourites never trend.
CREATE INDEX status_counts_liked ON status_counts (status_id) WHERE boosts + favourites >= 2;
