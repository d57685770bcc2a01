-- What a status said: its first form and every later one, the present one included. A status without rows was never edited.
CREATE TABLE status_edits (
    id              BIGINT PRIMARY KEY,
    status_id       BIGINT NOT NULL REFERENCES statuses (id),
    content         TEXT NOT NULL DEFAULT '',
    content_warning TEXT NOT NULL DEFAULT '',
    sensitive       BOOLEAN NOT NULL DEFAULT FALSE,
    emojis          TEXT NOT NULL DEFAULT '[]',
    poll_options    TEXT NOT NULL DEFAULT '',   -- JSON array of titles, '' when it had no poll
    created_at      BIGINT NOT NULL             -- when it began to say so
);
CREATE INDEX status_edits_by_status ON status_edits (status_id, id);

-- The poll of a status; a status has one at most, so that it needs no id of its own.
CREATE TABLE polls (
    status_id     BIGINT PRIMARY KEY REFERENCES statuses (id),
    round         BIGINT NOT NULL,              -- votes of other rounds do not count: an edit of the options begins another
    options       TEXT NOT NULL,                -- JSON array of titles
    multiple      BOOLEAN NOT NULL DEFAULT FALSE,
    hide_totals   BOOLEAN NOT NULL DEFAULT FALSE,
    voters        BIGINT NOT NULL DEFAULT 0,    -- counted here
    expires_at    BIGINT,                       -- NULL: open for ever
    tell_end_at   BIGINT,                       -- when its end is told; NULL once it was, or never
    remote_votes  TEXT NOT NULL DEFAULT '',     -- of a remote status: what its origin counts, a JSON array
    remote_voters BIGINT,                       -- of a remote status: NULL when its origin does not say
    fetched_at    BIGINT,                       -- of a remote status: when it was last read
    created_at    BIGINT NOT NULL
);
CREATE INDEX polls_to_end ON polls (tell_end_at) WHERE tell_end_at IS NOT NULL;

-- How many voted for each option, counted by the transactions of the votes.
CREATE TABLE poll_tallies (
    status_id BIGINT NOT NULL REFERENCES statuses (id),
    position  BIGINT NOT NULL,
    votes     BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (status_id, position)
);

-- What somebody voted for in a round: bit n stands for option n.
CREATE TABLE poll_votes (
    id         BIGINT PRIMARY KEY,
    status_id  BIGINT NOT NULL REFERENCES statuses (id),
    round      BIGINT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    choices    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (status_id, account_id, round)
);
CREATE INDEX poll_votes_by_status ON poll_votes (status_id, id);
