-- When it was last asked to read the actor again; NULL: never.
ALTER TABLE accounts ADD COLUMN refresh_asked_at BIGINT;
-- When statuses from before anybody here followed were asked for; NULL: never.
ALTER TABLE accounts ADD COLUMN backfilled_at BIGINT;
