-- Notifications: groups, what a member lets filter and who asks to be heard, web push; markers of what was read.

ALTER TABLE notifications ADD COLUMN group_key TEXT NOT NULL DEFAULT '';    -- '' alone
ALTER TABLE notifications ADD COLUMN filtered BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX notifications_by_kind ON notifications (account_id, kind, id);
CREATE INDEX notifications_by_sender ON notifications (account_id, from_id, id);
CREATE INDEX notifications_by_cause ON notifications (from_id, kind, about_id);
CREATE INDEX notifications_by_group ON notifications (account_id, group_key, id) WHERE group_key <> '';
CREATE INDEX notifications_alone ON notifications (account_id, kind, id) WHERE group_key = '';

-- One row per group that has notifications, so that a page of groups costs what it shows.
CREATE TABLE notification_groups (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    group_key  TEXT NOT NULL,          -- subject-HOUR
    kind       TEXT NOT NULL,
    subject    TEXT NOT NULL,          -- favourite-STATUS, reblog-STATUS, follow, admin.sign_up
    hour       BIGINT NOT NULL,        -- of its first notification, counted from 1970
    status_id  BIGINT,
    latest_id  BIGINT NOT NULL,        -- its newest notification; it may be gone again
    PRIMARY KEY (account_id, group_key)
);
CREATE INDEX notification_groups_by_kind ON notification_groups (account_id, kind, latest_id);
CREATE INDEX notification_groups_by_subject ON notification_groups (account_id, subject, hour);
CREATE INDEX notification_groups_by_status ON notification_groups (status_id);

-- accept, filter or drop; a member without a row has the defaults.
CREATE TABLE notification_policies (
    account_id       BIGINT PRIMARY KEY REFERENCES accounts (id),
    not_following    TEXT NOT NULL,
    not_followers    TEXT NOT NULL,
    new_accounts     TEXT NOT NULL,
    private_mentions TEXT NOT NULL,
    limited_accounts TEXT NOT NULL,
    bots             TEXT NOT NULL
);

-- Whose mentions and quotes were filtered, a row per sender.
CREATE TABLE notification_requests (
    id             BIGINT PRIMARY KEY,
    account_id     BIGINT NOT NULL REFERENCES accounts (id),
    from_id        BIGINT NOT NULL REFERENCES accounts (id),
    last_status_id BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    UNIQUE (account_id, from_id)
);
CREATE INDEX notification_requests_newest ON notification_requests (account_id, last_status_id);

-- Senders whose request was accepted: they pass every policy.
CREATE TABLE notification_permissions (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    from_id    BIGINT NOT NULL REFERENCES accounts (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, from_id)
);

-- Accepted requests whose notifications are still being moved among the others.
CREATE TABLE notification_merges (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    from_id    BIGINT NOT NULL REFERENCES accounts (id),
    PRIMARY KEY (account_id, from_id)
);

-- The bell: followers who want to be told of every post.
CREATE INDEX follows_with_bell ON follows (target_id, account_id) WHERE notify;

CREATE TABLE markers (
    account_id   BIGINT NOT NULL REFERENCES accounts (id),
    timeline     TEXT NOT NULL,        -- home, notifications
    last_read_id BIGINT NOT NULL,
    version      BIGINT NOT NULL,      -- moves with every change, so that two who write at once notice
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, timeline)
);

CREATE TABLE push_subscriptions (
    id         BIGINT PRIMARY KEY,
    token_id   BIGINT NOT NULL UNIQUE,  -- goes with it, by event
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    endpoint   TEXT NOT NULL,
    p256dh     TEXT NOT NULL,
    auth       TEXT NOT NULL,
    standard   BOOLEAN NOT NULL,
    policy     TEXT NOT NULL,           -- all, followed, follower, none
    alerts     TEXT NOT NULL,           -- JSON: type to boolean
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX push_subscriptions_by_account ON push_subscriptions (account_id);
