-- What known servers can be found by: their domain, and each part of it that begins after a dot, but for the last.
CREATE TABLE peer_names (
    name   TEXT COLLATE "C" NOT NULL,
    domain TEXT NOT NULL,
    PRIMARY KEY (name, domain)
);
INSERT INTO peer_names (name, domain)
WITH RECURSIVE known (name, domain) AS (
    SELECT DISTINCT domain, domain FROM accounts WHERE domain <> ''
    UNION SELECT substr(name, strpos(name, '.') + 1), domain FROM known WHERE strpos(name, '.') > 0)
SELECT name, domain FROM known WHERE name = domain OR strpos(name, '.') > 0;
