-- Members who may do more than others are few: they are told of reports and of who joins.
CREATE INDEX members_staff ON members (account_id) WHERE role <> 'member';
