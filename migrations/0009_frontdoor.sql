-- What keepers tell everybody: rules, terms of service, announcements. And how lively the server is, by week.

CREATE TABLE rules (
    id           BIGINT PRIMARY KEY,
    position     BIGINT NOT NULL,
    text         TEXT NOT NULL,
    hint         TEXT NOT NULL DEFAULT '',
    translations TEXT NOT NULL DEFAULT '{}',       -- language → {text, hint}
    created_at   BIGINT NOT NULL,
    deleted_at   BIGINT                            -- reports may name it
);

CREATE TABLE terms (
    id           BIGINT PRIMARY KEY,
    effective_on TEXT NOT NULL UNIQUE,             -- a day, YYYY-MM-DD
    text         TEXT NOT NULL,                    -- Markdown
    changelog    TEXT NOT NULL DEFAULT '',
    published_at BIGINT NOT NULL
);

CREATE TABLE announcements (
    id           BIGINT PRIMARY KEY,
    text         TEXT NOT NULL,                    -- as typed
    content      TEXT NOT NULL,                    -- HTML
    mentions     TEXT NOT NULL DEFAULT '[]',       -- account ids
    statuses     TEXT NOT NULL DEFAULT '[]',       -- status ids
    tags         TEXT NOT NULL DEFAULT '[]',       -- hashtags as written
    starts_at    BIGINT,
    ends_at      BIGINT,
    all_day      BOOLEAN NOT NULL DEFAULT FALSE,
    scheduled_at BIGINT,                           -- when it publishes itself
    published_at BIGINT,                           -- NULL: nobody sees it
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);

CREATE TABLE announcement_reactions (
    id              BIGINT PRIMARY KEY,
    announcement_id BIGINT NOT NULL REFERENCES announcements (id),
    account_id      BIGINT NOT NULL REFERENCES accounts (id),
    name            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    UNIQUE (announcement_id, name, account_id)
);
CREATE INDEX announcement_reactions_by_account ON announcement_reactions (account_id);

CREATE TABLE announcement_reads (
    announcement_id BIGINT NOT NULL REFERENCES announcements (id),
    account_id      BIGINT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (account_id, announcement_id)
);

-- One row a week, which begins on Monday, UTC.
CREATE TABLE activity_weeks (
    week          BIGINT PRIMARY KEY,
    statuses      BIGINT NOT NULL DEFAULT 0,
    logins        BIGINT NOT NULL DEFAULT 0,
    registrations BIGINT NOT NULL DEFAULT 0,
    counted_to    BIGINT NOT NULL DEFAULT 0        -- the id up to which statuses are counted
);
CREATE INDEX members_by_created ON members (created_at);
CREATE INDEX members_by_active ON members (last_active_at);

ALTER TABLE settings ADD COLUMN updated_at BIGINT NOT NULL DEFAULT 0;
