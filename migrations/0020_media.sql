-- Files: every one that is kept, whatever shows it, so that none is lost sight of. A row comes before its file and goes after it.
CREATE TABLE files (
    id         BIGINT PRIMARY KEY,
    key        TEXT NOT NULL,                     -- where it is: noun/day/id-secret.ending
    noun       TEXT NOT NULL,                     -- attachment, avatar, header, emoji, preview, upload
    owner      BIGINT NOT NULL,                   -- the attachment or account that shows it
    type       TEXT NOT NULL,                     -- media type, as it is served
    size       BIGINT NOT NULL DEFAULT 0,         -- bytes; 0 until it is written
    remote     BOOLEAN NOT NULL DEFAULT FALSE,    -- a copy, which can be fetched again
    hidden     BOOLEAN NOT NULL DEFAULT FALSE,    -- of what not everybody may read: nobody else keeps it
    state      TEXT NOT NULL,                     -- writing, kept, gone
    changed_at BIGINT NOT NULL,                   -- when it got its state
    seen_at    BIGINT NOT NULL                    -- when somebody last asked for it, to the hour
);
CREATE INDEX files_unsettled ON files (changed_at) WHERE state <> 'kept';
CREATE INDEX files_least_seen ON files (seen_at, id) WHERE remote AND state = 'kept';

CREATE TABLE attachments (
    id             BIGINT PRIMARY KEY,
    account_id     BIGINT NOT NULL REFERENCES accounts (id),
    status_id      BIGINT REFERENCES statuses (id),  -- NULL: of none yet
    scheduled_id   BIGINT,                        -- waits for a status that is published later
    position       INTEGER NOT NULL DEFAULT 0,    -- in its status; -1: an edit took it out, its history shows it
    kind           TEXT NOT NULL,                 -- image, gifv, video, audio, unknown
    state          TEXT NOT NULL,                 -- waiting, ready, failed
    failure        TEXT NOT NULL DEFAULT '',      -- what the author is told
    type           TEXT NOT NULL DEFAULT '',      -- media type of the file
    description    TEXT NOT NULL DEFAULT '',
    blurhash       TEXT NOT NULL DEFAULT '',
    focus          TEXT NOT NULL DEFAULT '',      -- x,y from -1 to 1; '' where nobody chose one
    meta           TEXT NOT NULL DEFAULT '{}',    -- JSON: sizes, length, colours
    upload_key     TEXT NOT NULL DEFAULT '',      -- what was sent, until it is processed
    original_key   TEXT NOT NULL DEFAULT '',
    small_key      TEXT NOT NULL DEFAULT '',
    remote_url     TEXT NOT NULL DEFAULT '',
    remote_preview TEXT NOT NULL DEFAULT '',
    created_at     BIGINT NOT NULL,
    loose_since    BIGINT                         -- since when it is of no status; NULL while it is of one
);
CREATE INDEX attachments_by_status ON attachments (status_id, position);
CREATE INDEX attachments_by_scheduled ON attachments (scheduled_id) WHERE scheduled_id IS NOT NULL;
CREATE INDEX attachments_loose ON attachments (loose_since) WHERE loose_since IS NOT NULL;
CREATE INDEX attachments_by_account ON attachments (account_id, id);

-- What timelines of media alone read.
ALTER TABLE statuses ADD COLUMN with_media BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX statuses_media_by_author ON statuses (author_id, id) WHERE with_media;
CREATE INDEX statuses_media_public ON statuses (id) WHERE with_media AND visibility = 'public';

-- What a form of a status showed: a list of id and description.
ALTER TABLE status_edits ADD COLUMN media TEXT NOT NULL DEFAULT '[]';
