-- An actor may have several keys: for requests (publicKey) and for what it says in documents (assertionMethod).
ALTER TABLE account_keys ADD COLUMN asserts BOOLEAN NOT NULL DEFAULT FALSE;
-- When its server said that a key ends, NULL for never.
ALTER TABLE account_keys ADD COLUMN expires_at BIGINT;
