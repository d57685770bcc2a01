-- What statuses can be found by: one text of terms each, cut by the program (the tokenizer only splits at spaces).
-- Neither the text nor the order of the terms is kept. rowid is the status's id, so that newest first is the order of the index.
CREATE VIRTUAL TABLE search_statuses USING fts5(terms, content='', contentless_delete=1, detail=none, tokenize="ascii tokenchars ':#_'");

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
    name       TEXT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (name, account_id)
) WITHOUT ROWID;
CREATE INDEX account_names_by_account ON account_names (account_id, name);

-- The member's time zone, a name of the IANA list; '' is UTC.
ALTER TABLE members ADD COLUMN time_zone TEXT NOT NULL DEFAULT '';
