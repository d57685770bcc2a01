-- Words and statuses that a member does not want to see, in groups that share a title, contexts and an action.
CREATE TABLE filters (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    title      TEXT NOT NULL,
    contexts   TEXT NOT NULL,                    -- JSON array
    action     TEXT NOT NULL,                    -- warn, hide, blur
    expires_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX filters_by_account ON filters (account_id, id);

CREATE TABLE filter_keywords (
    id         BIGINT PRIMARY KEY,
    filter_id  BIGINT NOT NULL REFERENCES filters (id),
    keyword    TEXT NOT NULL,
    whole_word BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX filter_keywords_by_filter ON filter_keywords (filter_id, id);

CREATE TABLE filter_statuses (
    id         BIGINT PRIMARY KEY,
    filter_id  BIGINT NOT NULL REFERENCES filters (id),
    status_id  BIGINT NOT NULL REFERENCES statuses (id),
    created_at BIGINT NOT NULL,
    UNIQUE (filter_id, status_id)
);
CREATE INDEX filter_statuses_by_status ON filter_statuses (status_id);

-- A member's direct statuses by thread and by who takes part.
CREATE TABLE conversations (
    id             BIGINT PRIMARY KEY,
    account_id     BIGINT NOT NULL REFERENCES accounts (id),
    thread_id      BIGINT NOT NULL,
    participants   TEXT NOT NULL,                -- ids of the others, ascending, with commas
    last_status_id BIGINT,                       -- NULL: nothing to show, the member removed it
    cleared_to     BIGINT NOT NULL DEFAULT 0,    -- rows of conversation_statuses up to this one are removed for the member
    unread         BOOLEAN NOT NULL DEFAULT FALSE,
    UNIQUE (account_id, thread_id, participants)
);
CREATE INDEX conversations_by_account ON conversations (account_id, last_status_id);

CREATE TABLE conversation_statuses (
    id              BIGINT PRIMARY KEY,          -- in the order they came
    conversation_id BIGINT NOT NULL REFERENCES conversations (id),
    status_id       BIGINT NOT NULL REFERENCES statuses (id),
    UNIQUE (conversation_id, status_id)
);
CREATE INDEX conversation_statuses_by_status ON conversation_statuses (status_id);
