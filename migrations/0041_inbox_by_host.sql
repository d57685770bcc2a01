-- What waits of each server, in the order it is due: servers take turns. What failed for good waits no more, and takes no room.
CREATE INDEX inbox_waiting_by_host ON inbox (host, due_at) WHERE failed_at IS NULL;
DROP INDEX inbox_by_host;
