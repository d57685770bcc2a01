-- What becomes of collections by itself, and which of them statuses lead to.

-- When an item is looked at again: one that is pending is asked for once more, one that was rejected is forgotten; NULL: nothing more happens.
ALTER TABLE collection_items ADD COLUMN again_at BIGINT;
ALTER TABLE collection_items ADD COLUMN asks BIGINT NOT NULL DEFAULT 0; -- how often it was asked for since the first time
CREATE INDEX collection_items_again ON collection_items (again_at, id) WHERE again_at IS NOT NULL;
UPDATE collection_items SET again_at = created_at WHERE state <> 'accepted';

-- When its server was last asked for a collection of another server; 0: before this was noted.
ALTER TABLE collections ADD COLUMN read_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX collections_by_reading ON collections (read_at, id) WHERE uri <> '';
CREATE INDEX collections_by_url ON collections (url) WHERE url <> '';

-- The collections that a status leads to.
CREATE TABLE status_collections (
    status_id     BIGINT NOT NULL REFERENCES statuses (id),
    collection_id BIGINT NOT NULL,
    PRIMARY KEY (status_id, collection_id)
);
CREATE INDEX status_collections_by_collection ON status_collections (collection_id, status_id);

-- The uses of a hashtag that an account of another server shows on its profile are counted for it, as those of members are.
UPDATE status_tags SET member_id = (SELECT s.author_id FROM statuses s WHERE s.id = status_tags.status_id)
    WHERE (tag_id, status_id) IN (SELECT st.tag_id, st.status_id FROM featured_tags f JOIN accounts a ON a.id = f.account_id AND a.domain <> ''
        JOIN statuses s ON s.author_id = f.account_id AND s.visibility IN ('public', 'unlisted') AND s.deleted_at IS NULL
        JOIN status_tags st ON st.status_id = s.id AND st.tag_id = f.tag_id);
