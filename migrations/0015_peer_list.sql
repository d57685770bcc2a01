-- The list of known servers names each once: the whole name, not its endings.
CREATE INDEX peers ON peer_names (domain) WHERE name = domain;
