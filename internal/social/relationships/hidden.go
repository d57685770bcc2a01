package relationships

// NotApart is a condition of SQL: neither the viewer $1 nor the account a blocks the other, nor does the viewer mute a at the time $2.
// The viewer 0 hides nobody.
const NotApart = `NOT EXISTS (SELECT 1 FROM blocks x WHERE x.account_id = $1 AND x.target_id = a.id)
	AND NOT EXISTS (SELECT 1 FROM blocks x WHERE x.account_id = a.id AND x.target_id = $1)
	AND NOT EXISTS (SELECT 1 FROM mutes x WHERE x.account_id = $1 AND x.target_id = a.id AND (x.expires_at IS NULL OR x.expires_at > $2))`

// NotHidden is NotApart of accounts whose servers the viewer does not block either.
const NotHidden = NotApart + `
	AND NOT EXISTS (SELECT 1 FROM account_domain_blocks x WHERE x.account_id = $1 AND x.domain = a.domain)`
