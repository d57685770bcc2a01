-- Conversations that are not whole here.

ALTER TABLE statuses ADD COLUMN context TEXT NOT NULL DEFAULT ''; -- the thread as a collection of another server; empty: none, or one of ours

-- Statuses that others here answer, and that were asked for.
CREATE TABLE missing_ancestors (
    uri      TEXT NOT NULL PRIMARY KEY,
    asked_at BIGINT NOT NULL
);
CREATE INDEX missing_ancestors_by_time ON missing_ancestors (asked_at);

-- The search for answers to a status of another server: the last one, or the one that is under way.
CREATE TABLE crawls (
    status_id   BIGINT NOT NULL PRIMARY KEY,
    began_at    BIGINT NOT NULL,
    finished_at BIGINT,                      -- NULL: under way
    news_at     BIGINT NOT NULL,             -- when anything new was found last, or the first search began
    found       BIGINT NOT NULL DEFAULT 0,   -- statuses that were not known before
    statuses    BIGINT NOT NULL DEFAULT 0,   -- looked at, or to be
    pages       BIGINT NOT NULL DEFAULT 0,   -- of collections, likewise
    accounts    BIGINT NOT NULL,             -- how many may still be fetched
    silent      TEXT NOT NULL DEFAULT ''     -- hosts that do not answer, with spaces between
);

-- What a search under way looks at, in its order; gone when it ends.
CREATE TABLE crawl_items (
    status_id BIGINT NOT NULL,
    uri       TEXT NOT NULL,
    place     BIGINT NOT NULL,
    page      BOOLEAN NOT NULL,              -- of a collection; otherwise a status
    listed_by TEXT NOT NULL,                 -- whose answers list it: a status, or a context
    taken     BIGINT NOT NULL DEFAULT 0,     -- of a page: what the pages before it brought
    idle      BIGINT NOT NULL DEFAULT 0,     -- of a page: how many in a row before it brought nothing
    done      BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (status_id, uri)
);
CREATE INDEX crawl_items_due ON crawl_items (status_id, place) WHERE NOT done;

CREATE INDEX conversations_by_thread ON conversations (thread_id);
