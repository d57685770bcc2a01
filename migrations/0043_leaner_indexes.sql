-- Most statuses answer nothing, and those of members are found by their id: neither costs an entry any more.
DROP INDEX statuses_by_parent;
CREATE INDEX statuses_by_parent ON statuses (in_reply_to_id, id) WHERE in_reply_to_id IS NOT NULL;
DROP INDEX statuses_by_url;
CREATE INDEX statuses_by_url ON statuses (url) WHERE NOT local;
