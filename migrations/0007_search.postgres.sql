-- What statuses can be found by: their terms, cut by the program, without the order they had. Terms that begin with :w are the
-- stretches of time an id lies in: an index of terms cannot be read in the order of ids, so it is asked for one stretch at a time.
-- Without fastupdate a search never reads through a list of what waits to be sorted in.
CREATE TABLE search_statuses (
    status_id BIGINT PRIMARY KEY,
    terms     tsvector NOT NULL
);
CREATE INDEX search_statuses_by_term ON search_statuses USING gin (terms) WITH (fastupdate = off);

-- Authors whose public statuses anyone here may find, as the index knows them, and how far a change of that has come:
-- statuses below next_id are still to be read anew, newest first; 0 when none is. Account 0 stands for everything.
CREATE TABLE search_walks (
    account_id  BIGINT PRIMARY KEY,
    indexable   BOOLEAN NOT NULL DEFAULT FALSE,
    next_id     BIGINT NOT NULL,
    done        BIGINT NOT NULL DEFAULT 0,
    started_at  BIGINT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX search_walks_due ON search_walks (account_id) WHERE next_id > 0;

-- What accounts can be found by: the words of their usernames and display names.
CREATE TABLE account_names (
    name       TEXT COLLATE "C" NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (name, account_id)
);
CREATE INDEX account_names_by_account ON account_names (account_id, name);

-- Beginnings of names are ranges of bytes, whatever order the database sorts its texts in.
CREATE INDEX tags_by_bytes ON tags (name COLLATE "C");
CREATE INDEX accounts_by_domain_bytes ON accounts (domain COLLATE "C");

-- The member's time zone, a name of the IANA list; '' is UTC.
ALTER TABLE members ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
