-- Custom emoji: ours, and those that texts of other servers use.
CREATE TABLE emojis (
    id          BIGINT PRIMARY KEY,
    shortcode   TEXT NOT NULL,                     -- without colons; case counts
    domain      TEXT NOT NULL DEFAULT '',          -- the server whose people may use it; '' for ours
    uri         TEXT NOT NULL DEFAULT '',          -- its id elsewhere; '' for ours, and where none was told
    image_url   TEXT NOT NULL DEFAULT '',          -- where its picture is elsewhere; '' for ours
    picture_key TEXT NOT NULL DEFAULT '',          -- key of its file; '' for none kept here yet
    static_key  TEXT NOT NULL DEFAULT '',          -- key of the still picture of one that moves; '' for one that does not
    type        TEXT NOT NULL DEFAULT '',          -- media type of its file
    category    TEXT NOT NULL DEFAULT '',          -- '' for none
    featured    BOOLEAN NOT NULL DEFAULT FALSE,    -- stands for its category
    listed      BOOLEAN NOT NULL DEFAULT TRUE,     -- offered when people choose
    disabled    BOOLEAN NOT NULL DEFAULT FALSE,    -- shown nowhere
    told_at     BIGINT,                            -- when it changed elsewhere, as told; NULL where it was not
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX emojis_by_name ON emojis (domain, shortcode);
