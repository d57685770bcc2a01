-- Previews: what the page at an address says about itself. A link has one as soon as its kind is set.
ALTER TABLE links ADD COLUMN host TEXT NOT NULL DEFAULT '';                -- of the page that was read
ALTER TABLE links ADD COLUMN canonical_id BIGINT;                          -- the link that this address leads to, where that is another
ALTER TABLE links ADD COLUMN fresh_until BIGINT NOT NULL DEFAULT 0;        -- before it the page is not asked again, whether it answered or not
ALTER TABLE links ADD COLUMN leased_until BIGINT NOT NULL DEFAULT 0;       -- one at a time asks
ALTER TABLE links ADD COLUMN failures BIGINT NOT NULL DEFAULT 0;           -- in a row
ALTER TABLE links ADD COLUMN loose_since BIGINT;                           -- since when a status may have been the last that had it
ALTER TABLE links ADD COLUMN kind TEXT NOT NULL DEFAULT '';                -- link, photo, video
ALTER TABLE links ADD COLUMN title TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN page_language TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN author_name TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN author_url TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN provider_name TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN provider_url TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN embed_url TEXT NOT NULL DEFAULT '';           -- of a video: the page of its player
ALTER TABLE links ADD COLUMN embed_width BIGINT NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN embed_height BIGINT NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN image_url TEXT NOT NULL DEFAULT '';           -- where it is
ALTER TABLE links ADD COLUMN image_key TEXT NOT NULL DEFAULT '';           -- our copy
ALTER TABLE links ADD COLUMN image_width BIGINT NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN image_height BIGINT NOT NULL DEFAULT 0;
ALTER TABLE links ADD COLUMN image_description TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN blurhash TEXT NOT NULL DEFAULT '';
ALTER TABLE links ADD COLUMN published_at BIGINT;
ALTER TABLE links ADD COLUMN creator_id BIGINT;                            -- the account that the page names as its author

-- The link of a status, whoever may read it.
ALTER TABLE link_statuses ADD COLUMN url TEXT NOT NULL DEFAULT '';         -- as it is written there, where that is another address
ALTER TABLE link_statuses ADD COLUMN counted BOOLEAN NOT NULL DEFAULT FALSE; -- among those of a day
UPDATE link_statuses SET counted = TRUE;
-- What shows files, or quotes another, shows no link.
DELETE FROM link_statuses WHERE EXISTS (SELECT 1 FROM statuses s WHERE s.id = link_statuses.status_id AND s.with_media)
    OR EXISTS (SELECT 1 FROM quotes q WHERE q.status_id = link_statuses.status_id);

-- A link goes when no status has it and no day counts it any more.
UPDATE links SET loose_since = 0 WHERE NOT EXISTS (SELECT 1 FROM link_statuses s WHERE s.link_id = links.id);
DROP INDEX links_by_last_day;
CREATE INDEX links_loose ON links (loose_since) WHERE loose_since IS NOT NULL AND trendable IS NULL;
