-- Collections of other servers, and leave to be in one.

ALTER TABLE accounts ADD COLUMN featured_collections_url TEXT NOT NULL DEFAULT '';
-- Who may put an account of another server into a collection, in our words; empty: it does not say.
ALTER TABLE accounts ADD COLUMN can_feature TEXT NOT NULL DEFAULT '';
-- When its server was last asked for its collections; NULL: never.
ALTER TABLE accounts ADD COLUMN featured_collections_read_at BIGINT;

ALTER TABLE collections ADD COLUMN uri TEXT NOT NULL DEFAULT '';  -- its id elsewhere; empty: one of ours
ALTER TABLE collections ADD COLUMN url TEXT NOT NULL DEFAULT '';  -- its page there
CREATE UNIQUE INDEX collections_by_uri ON collections (uri) WHERE uri <> '';

ALTER TABLE collection_items ADD COLUMN uri TEXT NOT NULL DEFAULT '';          -- its id elsewhere
ALTER TABLE collection_items ADD COLUMN approval_uri TEXT NOT NULL DEFAULT ''; -- of the document that lets an account elsewhere be in it
CREATE INDEX collection_items_by_approval ON collection_items (approval_uri) WHERE approval_uri <> '';
