-- Times are UTC milliseconds, booleans BOOLEAN, JSON as TEXT, ids snowflakes.
-- Case-insensitive keys (…_key) are computed in Go. The local domain is ''.

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- Every person, bot and group we know, here and elsewhere.
CREATE TABLE accounts (
    id                BIGINT PRIMARY KEY,
    username          TEXT NOT NULL,
    username_key      TEXT NOT NULL,
    domain            TEXT NOT NULL,             -- '' for our own
    uri               TEXT NOT NULL UNIQUE,      -- the actor id
    url               TEXT NOT NULL DEFAULT '',
    kind              TEXT NOT NULL DEFAULT 'Person',
    inbox_url         TEXT NOT NULL DEFAULT '',
    shared_inbox_url  TEXT NOT NULL DEFAULT '',
    outbox_url        TEXT NOT NULL DEFAULT '',
    followers_url     TEXT NOT NULL DEFAULT '',
    following_url     TEXT NOT NULL DEFAULT '',
    featured_url      TEXT NOT NULL DEFAULT '',
    display_name      TEXT NOT NULL DEFAULT '',
    note              TEXT NOT NULL DEFAULT '',  -- local: as typed; remote: sanitised HTML
    fields            TEXT NOT NULL DEFAULT '[]',
    emojis            TEXT NOT NULL DEFAULT '[]',
    avatar_url        TEXT NOT NULL DEFAULT '',
    avatar_description TEXT NOT NULL DEFAULT '',
    header_url        TEXT NOT NULL DEFAULT '',
    header_description TEXT NOT NULL DEFAULT '',
    locked            BOOLEAN NOT NULL DEFAULT FALSE,
    bot               BOOLEAN NOT NULL DEFAULT FALSE,
    discoverable      BOOLEAN,
    indexable         BOOLEAN NOT NULL DEFAULT FALSE,
    hide_collections  BOOLEAN NOT NULL DEFAULT FALSE,
    memorial          BOOLEAN NOT NULL DEFAULT FALSE,
    moved_to_id       BIGINT REFERENCES accounts (id),
    also_known_as     TEXT NOT NULL DEFAULT '[]',
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    fetched_at        BIGINT,                    -- remote: when the actor was last read
    limited_at        BIGINT,
    suspended_at      BIGINT,
    deleted_at        BIGINT,
    remote_statuses   BIGINT,                    -- what the origin told
    remote_followers  BIGINT,
    remote_following  BIGINT,
    UNIQUE (username_key, domain)
);
CREATE INDEX accounts_by_domain ON accounts (domain, id);
CREATE INDEX accounts_by_url ON accounts (url);

CREATE TABLE account_keys (
    id          BIGINT PRIMARY KEY,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    uri         TEXT NOT NULL UNIQUE,            -- keyId
    public_pem  TEXT NOT NULL,
    private_key TEXT,                            -- local: wrapped by secret.key
    created_at  BIGINT NOT NULL
);
CREATE INDEX account_keys_by_account ON account_keys (account_id);

CREATE TABLE account_counts (
    account_id     BIGINT PRIMARY KEY REFERENCES accounts (id),
    statuses       BIGINT NOT NULL DEFAULT 0,
    followers      BIGINT NOT NULL DEFAULT 0,
    following      BIGINT NOT NULL DEFAULT 0,
    last_status_at BIGINT
);

-- Accounts of this server that can sign in.
CREATE TABLE members (
    account_id         BIGINT PRIMARY KEY REFERENCES accounts (id),
    email              TEXT NOT NULL,
    email_key          TEXT NOT NULL UNIQUE,
    password_hash      TEXT NOT NULL,
    role               TEXT NOT NULL DEFAULT 'member',
    locale             TEXT NOT NULL DEFAULT 'en',
    reason             TEXT NOT NULL DEFAULT '',
    default_visibility TEXT NOT NULL DEFAULT 'public',
    default_sensitive  BOOLEAN NOT NULL DEFAULT FALSE,
    default_language   TEXT NOT NULL DEFAULT '',
    created_at         BIGINT NOT NULL,
    confirmed_at       BIGINT,
    approved_at        BIGINT,
    disabled_at        BIGINT,
    last_active_at     BIGINT
);

CREATE TABLE apps (
    id            BIGINT PRIMARY KEY,
    client_id     TEXT NOT NULL UNIQUE,
    secret_hash   TEXT NOT NULL,
    name          TEXT NOT NULL,
    website       TEXT NOT NULL DEFAULT '',
    redirect_uris TEXT NOT NULL,                 -- JSON array
    scopes        TEXT NOT NULL,
    created_at    BIGINT NOT NULL
);

-- Authorization codes: single use, ten minutes.
CREATE TABLE grants (
    id             BIGINT PRIMARY KEY,
    code_hash      TEXT NOT NULL UNIQUE,
    app_id         BIGINT NOT NULL REFERENCES apps (id),
    account_id     BIGINT NOT NULL REFERENCES accounts (id),
    redirect_uri   TEXT NOT NULL,
    scopes         TEXT NOT NULL,
    code_challenge TEXT NOT NULL DEFAULT '',
    created_at     BIGINT NOT NULL,
    used_at        BIGINT
);
CREATE INDEX grants_by_age ON grants (created_at);

CREATE TABLE tokens (
    id           BIGINT PRIMARY KEY,
    token_hash   TEXT NOT NULL UNIQUE,
    app_id       BIGINT REFERENCES apps (id),
    account_id   BIGINT REFERENCES accounts (id),   -- NULL: an app's own token
    scopes       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX tokens_by_account ON tokens (account_id);
CREATE INDEX tokens_by_app ON tokens (app_id, account_id);

CREATE TABLE sessions (
    id           BIGINT PRIMARY KEY,
    secret_hash  TEXT NOT NULL UNIQUE,
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    token_id     BIGINT NOT NULL REFERENCES tokens (id),
    user_agent   TEXT NOT NULL DEFAULT '',
    ip           TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id, last_used_at);

CREATE TABLE follows (
    id          BIGINT PRIMARY KEY,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    target_id   BIGINT NOT NULL REFERENCES accounts (id),
    uri         TEXT NOT NULL DEFAULT '',
    show_boosts BOOLEAN NOT NULL DEFAULT TRUE,
    notify      BOOLEAN NOT NULL DEFAULT FALSE,
    languages   TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    UNIQUE (account_id, target_id)
);
CREATE INDEX follows_by_account ON follows (account_id, id);
CREATE INDEX follows_by_target ON follows (target_id, id);
CREATE INDEX follows_by_uri ON follows (uri);

CREATE TABLE follow_requests (
    id          BIGINT PRIMARY KEY,
    account_id  BIGINT NOT NULL REFERENCES accounts (id),
    target_id   BIGINT NOT NULL REFERENCES accounts (id),
    uri         TEXT NOT NULL DEFAULT '',
    show_boosts BOOLEAN NOT NULL DEFAULT TRUE,
    notify      BOOLEAN NOT NULL DEFAULT FALSE,
    languages   TEXT NOT NULL DEFAULT '',
    created_at  BIGINT NOT NULL,
    UNIQUE (account_id, target_id)
);
CREATE INDEX follow_requests_by_target ON follow_requests (target_id, id);
CREATE INDEX follow_requests_by_uri ON follow_requests (uri);

CREATE TABLE blocks (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    target_id  BIGINT NOT NULL REFERENCES accounts (id),
    uri        TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, target_id)
);
CREATE INDEX blocks_by_account ON blocks (account_id, id);
CREATE INDEX blocks_by_target ON blocks (target_id, id);

CREATE TABLE mutes (
    id                 BIGINT PRIMARY KEY,
    account_id         BIGINT NOT NULL REFERENCES accounts (id),
    target_id          BIGINT NOT NULL REFERENCES accounts (id),
    hide_notifications BOOLEAN NOT NULL DEFAULT TRUE,
    expires_at         BIGINT,
    created_at         BIGINT NOT NULL,
    UNIQUE (account_id, target_id)
);
CREATE INDEX mutes_by_account ON mutes (account_id, id);
CREATE INDEX mutes_by_expiry ON mutes (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE statuses (
    id                     BIGINT PRIMARY KEY,
    uri                    TEXT NOT NULL UNIQUE,
    url                    TEXT NOT NULL DEFAULT '',
    author_id              BIGINT NOT NULL REFERENCES accounts (id),
    local                  BOOLEAN NOT NULL,
    text                   TEXT NOT NULL DEFAULT '',   -- local: as typed
    content                TEXT NOT NULL DEFAULT '',   -- HTML, safe to show
    content_warning        TEXT NOT NULL DEFAULT '',
    visibility             TEXT NOT NULL,              -- public, unlisted, private, direct, limited
    local_only             BOOLEAN NOT NULL DEFAULT FALSE,
    sensitive              BOOLEAN NOT NULL DEFAULT FALSE,
    language               TEXT NOT NULL DEFAULT '',
    in_reply_to_id         BIGINT,
    in_reply_to_account_id BIGINT,
    in_reply_to_uri        TEXT NOT NULL DEFAULT '',   -- kept while the parent is unknown
    thread_id              BIGINT NOT NULL,            -- the id of the first status of the thread known here
    boost_of_id            BIGINT REFERENCES statuses (id),
    boosted_author_id      BIGINT,
    emojis                 TEXT NOT NULL DEFAULT '[]',
    app_id                 BIGINT REFERENCES apps (id),
    created_at             BIGINT NOT NULL,
    edited_at              BIGINT,
    deleted_at             BIGINT
);
CREATE INDEX statuses_by_author ON statuses (author_id, id);
CREATE INDEX statuses_by_parent ON statuses (in_reply_to_id, id);
CREATE INDEX statuses_by_url ON statuses (url);
CREATE INDEX statuses_by_thread ON statuses (thread_id, id);
CREATE INDEX statuses_by_parent_uri ON statuses (in_reply_to_uri) WHERE in_reply_to_uri <> '';
CREATE INDEX statuses_public ON statuses (id) WHERE visibility = 'public' AND boost_of_id IS NULL AND deleted_at IS NULL;
CREATE INDEX statuses_public_local ON statuses (local, id) WHERE visibility = 'public' AND boost_of_id IS NULL AND deleted_at IS NULL;
CREATE UNIQUE INDEX statuses_one_boost ON statuses (author_id, boost_of_id) WHERE boost_of_id IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX statuses_boosts ON statuses (boost_of_id, id) WHERE boost_of_id IS NOT NULL;
CREATE INDEX statuses_deleted ON statuses (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE status_counts (
    status_id  BIGINT PRIMARY KEY REFERENCES statuses (id),
    replies    BIGINT NOT NULL DEFAULT 0,
    boosts     BIGINT NOT NULL DEFAULT 0,
    favourites BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE mentions (
    id         BIGINT PRIMARY KEY,
    status_id  BIGINT NOT NULL REFERENCES statuses (id),
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    silent     BOOLEAN NOT NULL DEFAULT FALSE,
    UNIQUE (status_id, account_id)
);
CREATE INDEX mentions_by_account ON mentions (account_id, status_id);

CREATE TABLE tags (
    id         BIGINT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,   -- normalised key
    shown      TEXT NOT NULL,          -- as first written
    created_at BIGINT NOT NULL
);

CREATE TABLE status_tags (
    tag_id    BIGINT NOT NULL REFERENCES tags (id),
    status_id BIGINT NOT NULL REFERENCES statuses (id),
    PRIMARY KEY (tag_id, status_id)
);
CREATE INDEX status_tags_by_status ON status_tags (status_id);

CREATE TABLE favourites (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    status_id  BIGINT NOT NULL REFERENCES statuses (id),
    uri        TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, status_id)
);
CREATE INDEX favourites_by_account ON favourites (account_id, id);
CREATE INDEX favourites_by_status ON favourites (status_id, id);
CREATE INDEX favourites_by_uri ON favourites (uri) WHERE uri <> '';

CREATE TABLE bookmarks (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    status_id  BIGINT NOT NULL REFERENCES statuses (id),
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, status_id)
);
CREATE INDEX bookmarks_by_account ON bookmarks (account_id, id);
CREATE INDEX bookmarks_by_status ON bookmarks (status_id);

CREATE TABLE pins (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    status_id  BIGINT NOT NULL REFERENCES statuses (id),
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, status_id)
);
CREATE INDEX pins_by_account ON pins (account_id, id);
CREATE INDEX pins_by_status ON pins (status_id);

-- Addresses of what was deleted, so that a late Create cannot bring it back.
CREATE TABLE tombstones (
    uri        TEXT NOT NULL PRIMARY KEY,
    early      BOOLEAN NOT NULL DEFAULT FALSE,   -- the Delete or Undo came first: remembered for hours
    created_at BIGINT NOT NULL
);
CREATE INDEX tombstones_early ON tombstones (created_at) WHERE early;

CREATE TABLE idempotency_keys (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    key        TEXT NOT NULL,
    status_id  BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE notifications (
    id         BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES accounts (id),   -- who is told
    kind       TEXT NOT NULL,                              -- mention, favourite, reblog, follow, follow_request
    from_id    BIGINT NOT NULL REFERENCES accounts (id),
    status_id  BIGINT,
    about_id   BIGINT NOT NULL,                            -- the follow, favourite, boost or mention it tells of
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, kind, from_id, about_id)
);
CREATE INDEX notifications_by_account ON notifications (account_id, id);
CREATE INDEX notifications_by_status ON notifications (status_id);

-- One row per event and class of work with durable effects still to do. While leased, due_at is the end of the lease.
CREATE TABLE outbox (
    id         BIGINT PRIMARY KEY,
    event      TEXT NOT NULL,
    payload    TEXT NOT NULL,
    todo       TEXT NOT NULL,             -- names of the effects still to do, comma-separated
    class      TEXT NOT NULL,
    attempts   BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    leased_until BIGINT,
    failed_at  BIGINT,
    last_error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_due ON outbox (class, due_at) WHERE failed_at IS NULL;
CREATE INDEX outbox_failed ON outbox (failed_at) WHERE failed_at IS NOT NULL;

-- Activities received and not yet processed; one actor's in order.
CREATE TABLE inbox (
    id         BIGINT PRIMARY KEY,
    host       TEXT NOT NULL,
    actor      TEXT NOT NULL,
    body       TEXT NOT NULL,
    addressed_to BIGINT,                  -- the personal inbox it came to, NULL for the shared one
    attempts   BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    leased_until BIGINT,
    failed_at  BIGINT,
    last_error TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE INDEX inbox_due ON inbox (due_at) WHERE failed_at IS NULL;
CREATE INDEX inbox_by_actor ON inbox (actor, id);
CREATE INDEX inbox_by_host ON inbox (host);

-- One row per distinct inbox of an activity; a lane is (host, author).
CREATE TABLE deliveries (
    id         BIGINT PRIMARY KEY,
    host       TEXT NOT NULL,
    author_id  BIGINT NOT NULL,
    inbox_url  TEXT NOT NULL,
    event_key  TEXT NOT NULL,             -- what it tells of, so that an effect run twice enqueues once
    body       TEXT NOT NULL,
    status_id  BIGINT,                    -- a Create is dropped when this status is gone
    attempts   BIGINT NOT NULL DEFAULT 0,
    due_at     BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_error TEXT NOT NULL DEFAULT '',
    UNIQUE (event_key, inbox_url)
);
CREATE INDEX deliveries_by_lane ON deliveries (host, author_id, id);
CREATE INDEX deliveries_by_author ON deliveries (author_id, id);

CREATE TABLE delivery_hosts (
    host         TEXT NOT NULL PRIMARY KEY,
    due_at       BIGINT NOT NULL,
    leased_until BIGINT,
    failures     BIGINT NOT NULL DEFAULT 0,       -- in a row, for the breaker
    failure_days TEXT NOT NULL DEFAULT '[]',      -- UTC days with a failure and no success since
    unavailable_at BIGINT,
    paused_until BIGINT NOT NULL DEFAULT 0        -- end of the breaker's pause, or next probe of an unavailable host
);
CREATE INDEX delivery_hosts_due ON delivery_hosts (due_at);
