-- The document by which an author of another server lets itself be quoted; '' where that is one of ours, or none is needed.
ALTER TABLE quotes ADD COLUMN approval_uri TEXT NOT NULL DEFAULT '';
CREATE INDEX quotes_by_approval ON quotes (approval_uri) WHERE approval_uri <> '';
