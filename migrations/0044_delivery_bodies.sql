-- What goes to many servers is stored once: its deliveries have no body of their own, and say which of these they carry.
CREATE TABLE delivery_bodies (
    id        BIGINT PRIMARY KEY,
    event_key TEXT NOT NULL,              -- that of its deliveries
    body      TEXT NOT NULL
);
ALTER TABLE deliveries ADD COLUMN body_id BIGINT;
