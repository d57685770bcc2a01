package relationships

// NotHidden is a condition of SQL: between the viewer $1 and the account a there is nothing, at the time $2, for
// which one of them does not wish to meet the other. The viewer 0 hides nobody.
const NotHidden = `NOT EXISTS (SELECT 1 FROM blocks x WHERE x.account_id = $1 AND x.target_id = a.id)
	AND NOT EXISTS (SELECT 1 FROM blocks x WHERE x.account_id = a.id AND x.target_id = $1)
	AND NOT EXISTS (SELECT 1 FROM mutes x WHERE x.account_id = $1 AND x.target_id = a.id AND (x.expires_at IS NULL OR x.expires_at > $2))
	AND NOT EXISTS (SELECT 1 FROM account_domain_blocks x WHERE x.account_id = $1 AND x.domain = a.domain)`
