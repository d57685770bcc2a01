-- When others are told how a poll of ours stands, after votes that they do not know of; NULL: they know.
ALTER TABLE polls ADD COLUMN tell_votes_at BIGINT;
CREATE INDEX polls_to_tell ON polls (tell_votes_at) WHERE tell_votes_at IS NOT NULL;
