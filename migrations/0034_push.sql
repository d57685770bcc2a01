-- Web push: what is on its way to push services, and how these answer.

ALTER TABLE push_subscriptions ADD COLUMN host TEXT NOT NULL DEFAULT ''; -- of the endpoint; empty: subscribed before this was noted

-- One row per notification and subscription, until the push service answered.
CREATE TABLE push_deliveries (
    notification_id BIGINT NOT NULL,
    subscription_id BIGINT NOT NULL,          -- a row without it is dropped when its host is served next
    host            TEXT NOT NULL,
    attempts        BIGINT NOT NULL DEFAULT 0,
    due_at          BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_error      TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (notification_id, subscription_id)
);
CREATE INDEX push_deliveries_by_host ON push_deliveries (host, due_at);
CREATE INDEX push_deliveries_by_subscription ON push_deliveries (subscription_id);

-- Push services. One process at a time serves a host; a dead one keeps no other waiting.
CREATE TABLE push_hosts (
    host         TEXT NOT NULL PRIMARY KEY,
    due_at       BIGINT NOT NULL,             -- while it is held: the end of the lease, unless something came meanwhile
    leased_until BIGINT,
    failures     BIGINT NOT NULL DEFAULT 0,   -- in a row
    paused_until BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX push_hosts_due ON push_hosts (due_at);
