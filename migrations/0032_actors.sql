-- The collection of hashtags that an account of another server shows on its profile.
ALTER TABLE accounts ADD COLUMN featured_tags_url TEXT NOT NULL DEFAULT '';
-- When what its server shows beside an actor (pinned statuses, hashtags, numbers) was last read; NULL: never.
ALTER TABLE accounts ADD COLUMN collections_read_at BIGINT;
-- Where an actor says that it moved to; moved_to_id is set once the other end says so too.
ALTER TABLE accounts ADD COLUMN moved_to_uri TEXT NOT NULL DEFAULT '';
-- When its followers were last led elsewhere; NULL: never.
ALTER TABLE accounts ADD COLUMN moved_at BIGINT;
-- Who is led on is found by whom they follow, block, mute or made a note of.
CREATE INDEX mutes_by_target ON mutes (target_id, id);
CREATE INDEX account_notes_by_target ON account_notes (target_id, id);
-- Fetched from elsewhere when it was old: in no home feed, told to nobody.
ALTER TABLE statuses ADD COLUMN quiet BOOLEAN NOT NULL DEFAULT FALSE;
