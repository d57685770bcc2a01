-- What known servers can be found by: their domain, and each part of it that begins after a dot, but for the last.
CREATE TABLE peer_names (
    name   TEXT NOT NULL,
    domain TEXT NOT NULL,
    PRIMARY KEY (name, domain)
) WITHOUT ROWID;
INSERT INTO peer_names (name, domain)
WITH RECURSIVE known (name, domain) AS (
    SELECT DISTINCT domain, domain FROM accounts WHERE domain <> ''
    UNION SELECT substr(name, instr(name, '.') + 1), domain FROM known WHERE instr(name, '.') > 0)
SELECT name, domain FROM known WHERE name = domain OR instr(name, '.') > 0;
