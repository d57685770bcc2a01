-- Threads that members do not want to hear of.
CREATE TABLE thread_mutes (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    thread_id  BIGINT NOT NULL,              -- statuses.thread_id
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, thread_id)
);
CREATE INDEX thread_mutes_by_thread ON thread_mutes (thread_id);

-- Who may quote a status: bits for who need not ask, and 16 bits higher for who may ask. What was written before says nobody, as
-- other servers were told.
ALTER TABLE statuses ADD COLUMN quote_policy BIGINT NOT NULL DEFAULT 0;
ALTER TABLE status_counts ADD COLUMN quotes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE members ADD COLUMN default_quote_policy TEXT NOT NULL DEFAULT 'public';

-- A row for every status that quotes another.
CREATE TABLE quotes (
    id                BIGINT PRIMARY KEY,
    status_id         BIGINT NOT NULL UNIQUE REFERENCES statuses (id),
    account_id        BIGINT NOT NULL REFERENCES accounts (id),   -- who quotes
    quoted_id         BIGINT,                                     -- NULL once its row is purged
    quoted_account_id BIGINT NOT NULL REFERENCES accounts (id),
    state             TEXT NOT NULL,                              -- pending, accepted, rejected, revoked
    created_at        BIGINT NOT NULL
);
CREATE INDEX quotes_by_quoted ON quotes (quoted_id, id) WHERE quoted_id IS NOT NULL;
CREATE INDEX quotes_by_account ON quotes (account_id, id);

-- Statuses that members wrote for later. The row goes in the transaction that publishes it.
CREATE TABLE scheduled_statuses (
    id           BIGINT PRIMARY KEY,
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    app_id       BIGINT,
    params       TEXT NOT NULL,              -- JSON, as posted
    scheduled_at BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,            -- when to try: scheduled_at, or later after a failure
    attempts     BIGINT NOT NULL DEFAULT 0,
    failed_at    BIGINT,                     -- given up: shown to the member until they set another time
    last_error   TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL
);
CREATE INDEX scheduled_statuses_by_account ON scheduled_statuses (account_id, id);
CREATE INDEX scheduled_statuses_by_day ON scheduled_statuses (account_id, scheduled_at);
CREATE INDEX scheduled_statuses_due ON scheduled_statuses (due_at) WHERE failed_at IS NULL;

-- What the translation backend answered, for a day.
CREATE TABLE translations (
    status_id  BIGINT NOT NULL REFERENCES statuses (id),
    language   TEXT NOT NULL,
    source_key TEXT NOT NULL,                -- of the text and the backend: another text is translated anew
    body       TEXT NOT NULL,                -- JSON
    created_at BIGINT NOT NULL,
    PRIMARY KEY (status_id, language)
);
CREATE INDEX translations_by_age ON translations (created_at);
