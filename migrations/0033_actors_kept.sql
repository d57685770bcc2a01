-- Its own server says that it is suspended, and only that server may lift it.
ALTER TABLE accounts ADD COLUMN suspended_by_origin BOOLEAN NOT NULL DEFAULT FALSE;
-- When it was last asked to read the actor again; NULL: never.
ALTER TABLE accounts ADD COLUMN refresh_asked_at BIGINT;
-- When statuses from before anybody here followed were asked for; NULL: never.
ALTER TABLE accounts ADD COLUMN backfilled_at BIGINT;
