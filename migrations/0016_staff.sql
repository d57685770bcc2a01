-- Members who may do more than others are told of reports and of who joins.
CREATE INDEX members_by_role ON members (role, account_id);
