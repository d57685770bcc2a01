package collections

import (
	"context"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

const columns = `c.id, c.account_id, c.name, c.description, c.language, c.tag, c.sensitive, c.discoverable, c.created_at, c.updated_at, c.uri, c.url, c.read_at`

func scan(r db.Row) (*Collection, error) {
	c := &Collection{}
	var created, updated, read int64
	err := r.Scan(&c.ID, &c.Owner, &c.Name, &c.Description, &c.Language, &c.Tag, &c.Sensitive, &c.Discoverable, &created, &updated, &c.URI, &c.URL, &read)
	c.CreatedAt, c.UpdatedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
	c.ReadAt = clock.FromMilli(read)
	return c, err
}

const itemColumns = `i.id, i.collection_id, i.account_id, i.state, i.created_at, i.uri, i.approval_uri`

func scanItem(r db.Row) (*Item, error) {
	i := &Item{}
	var created int64
	err := r.Scan(&i.ID, &i.Collection, &i.Account, &i.State, &created, &i.URI, &i.Approval)
	i.CreatedAt = time.UnixMilli(created).UTC()
	return i, err
}

func insert(ctx context.Context, tx *db.Tx, c *Collection) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO collections (id, account_id, name, description, language, tag, sensitive, discoverable, created_at, updated_at, uri, url, read_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`, c.ID, c.Owner, c.Name, c.Description, c.Language, c.Tag, c.Sensitive, c.Discoverable,
		clock.Milli(c.CreatedAt), clock.Milli(c.UpdatedAt), c.URI, c.URL, clock.Milli(tx.Now()))
	return err
}

func update(ctx context.Context, tx *db.Tx, c *Collection) error {
	_, err := db.Exec(ctx, tx, `UPDATE collections SET name = $2, description = $3, language = $4, tag = $5, sensitive = $6, discoverable = $7, updated_at = $8, url = $9, read_at = $10
		WHERE id = $1`, c.ID, c.Name, c.Description, c.Language, c.Tag, c.Sensitive, c.Discoverable, clock.Milli(c.UpdatedAt), c.URL, clock.Milli(tx.Now()))
	return err
}

func touch(ctx context.Context, tx *db.Tx, which id.Collection) error {
	_, err := db.Exec(ctx, tx, `UPDATE collections SET updated_at = $2 WHERE id = $1`, which, clock.Milli(tx.Now()))
	return err
}

// remove deletes a collection with its items, of which there are few.
func remove(ctx context.Context, tx *db.Tx, which id.Collection) error {
	for _, first := range []string{`DELETE FROM collection_items WHERE collection_id = $1`, `DELETE FROM status_collections WHERE collection_id = $1`} {
		if _, err := db.Exec(ctx, tx, first, which); err != nil {
			return err
		}
	}
	_, err := db.Exec(ctx, tx, `DELETE FROM collections WHERE id = $1`, which)
	return err
}

func countOf(ctx context.Context, q db.Q, owner id.Account) (int64, error) {
	return db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM collections WHERE account_id = $1`, owner)
}

func one(ctx context.Context, q db.Q, which id.Collection) (*Collection, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM collections c WHERE c.id = $1`, which)
}

// byURI gives a collection of another server by its id there.
func byURI(ctx context.Context, q db.Q, uri string) (*Collection, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM collections c WHERE c.uri = $1 AND c.uri <> ''`, uri)
}

// byIDs gives collections in no order.
func byIDs(ctx context.Context, q db.Q, which []id.Collection) ([]*Collection, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM collections c WHERE c.id {in $1}`, which)
}

// own gives a member's own collection. Somebody else's is refused, as Mastodon does.
func own(ctx context.Context, q db.Q, owner id.Account, which id.Collection) (*Collection, error) {
	c, err := one(ctx, q, which)
	if err == nil && c.Owner != owner {
		return nil, fault.New(fault.Forbidden, "This action is not allowed")
	}
	return c, err
}

const ofOwnerSQL = `SELECT ` + columns + ` FROM collections c WHERE c.account_id = $1 AND (c.discoverable OR $2) ORDER BY c.id DESC LIMIT $3`

// ofOwner lists a member's collections, newest first: at most maxElsewhere.
func ofOwner(ctx context.Context, q db.Q, owner id.Account, all bool) ([]*Collection, error) {
	return db.All(ctx, q, scan, ofOwnerSQL, owner, all, maxElsewhere)
}

const holdingSQL = `SELECT ` + columns + ` FROM collection_items i JOIN collections c ON c.id = i.collection_id JOIN accounts a ON a.id = c.account_id
	WHERE i.account_id = $1 AND i.state IN ('pending', 'accepted') AND a.suspended_at IS NULL AND a.deleted_at IS NULL ORDER BY i.id DESC LIMIT $2`

// holding lists the collections that an account is in, the latest first.
func holding(ctx context.Context, q db.Q, who id.Account, limit int) ([]*Collection, error) {
	return db.All(ctx, q, scan, holdingSQL, who, limit)
}

func insertItem(ctx context.Context, tx *db.Tx, i *Item) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO collection_items (id, collection_id, account_id, state, created_at, uri, approval_uri, again_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		i.ID, i.Collection, i.Account, string(i.State), clock.Milli(i.CreatedAt), i.URI, i.Approval, againAt(i.State, tx.Now()))
	return err
}

func itemOf(ctx context.Context, q db.Q, which id.Collection, item id.CollectionItem) (*Item, error) {
	return db.One(ctx, q, scanItem, `SELECT `+itemColumns+` FROM collection_items i WHERE i.id = $1 AND i.collection_id = $2`, item, which)
}

func setState(ctx context.Context, tx *db.Tx, item id.CollectionItem, state State) error {
	_, err := db.Exec(ctx, tx, `UPDATE collection_items SET state = $2, again_at = $3 WHERE id = $1`, item, string(state), againAt(state, tx.Now()))
	return err
}

// settle stores how far an item has come, with what its servers call it.
func settle(ctx context.Context, tx *db.Tx, i *Item) error {
	_, err := db.Exec(ctx, tx, `UPDATE collection_items SET state = $2, uri = $3, approval_uri = $4, again_at = $5 WHERE id = $1`, i.ID, string(i.State), i.URI, i.Approval,
		againAt(i.State, tx.Now()))
	return err
}

func removeItem(ctx context.Context, tx *db.Tx, item id.CollectionItem) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM collection_items WHERE id = $1`, item)
	return err
}

// itemsIn lists the items of collections in the order in which they were added, revoked ones too.
func itemsIn(ctx context.Context, q db.Q, which []id.Collection) ([]*Item, error) {
	return db.All(ctx, q, scanItem, `SELECT `+itemColumns+` FROM collection_items i WHERE i.collection_id {in $1} ORDER BY i.id`, which)
}

// itemsBetween lists where two accounts feature each other.
func itemsBetween(ctx context.Context, q db.Q, one, other id.Account) ([]*Item, error) {
	return db.All(ctx, q, scanItem, `SELECT `+itemColumns+` FROM collections c JOIN collection_items i ON i.collection_id = c.id
		WHERE (c.account_id = $1 AND i.account_id = $2) OR (c.account_id = $2 AND i.account_id = $1)`, one, other)
}

// itemFor finds the item of an account in a collection.
func itemFor(ctx context.Context, q db.Q, which id.Collection, account id.Account) (*Item, error) {
	return db.One(ctx, q, scanItem, `SELECT `+itemColumns+` FROM collection_items i WHERE i.collection_id = $1 AND i.account_id = $2`, which, account)
}

// itemByID finds an item whichever collection it is in.
func itemByID(ctx context.Context, q db.Q, item id.CollectionItem) (*Item, error) {
	return db.One(ctx, q, scanItem, `SELECT `+itemColumns+` FROM collection_items i WHERE i.id = $1`, item)
}

// approvedBy lists what an account of another server let by one document.
func approvedBy(ctx context.Context, q db.Q, account id.Account, document string) ([]*Item, error) {
	return db.All(ctx, q, scanItem, `SELECT `+itemColumns+` FROM collection_items i WHERE i.approval_uri = $1 AND i.approval_uri <> '' AND i.account_id = $2`, document, account)
}

// itemsToward lists where an account and those of a server feature each other.
func itemsToward(ctx context.Context, q db.Q, account id.Account, domain string) ([]*Item, error) {
	return db.All(ctx, q, scanItem, `SELECT `+itemColumns+` FROM collections c JOIN collection_items i ON i.collection_id = c.id JOIN accounts a ON a.id = i.account_id
		WHERE c.account_id = $1 AND a.domain = $2
		UNION ALL SELECT `+itemColumns+` FROM collection_items i JOIN collections c ON c.id = i.collection_id JOIN accounts a ON a.id = c.account_id
		WHERE i.account_id = $1 AND a.domain = $2`, account, domain)
}

// claimReading notes that an account's server is asked for its collections; false where it was within the time.
func claimReading(ctx context.Context, tx *db.Tx, account id.Account, before time.Time) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE accounts SET featured_collections_read_at = $2 WHERE id = $1 AND domain <> '' AND featured_collections_url <> ''
		AND (featured_collections_read_at IS NULL OR featured_collections_read_at < $3)`, account, clock.Milli(tx.Now()), clock.Milli(before))
	return n > 0, err
}

// followedHere tells whether any member of this server follows an account.
func followedHere(ctx context.Context, q db.Q, account id.Account) (bool, error) {
	n, err := db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM (SELECT 1 FROM follows f JOIN accounts a ON a.id = f.account_id
		WHERE f.target_id = $1 AND a.domain = '' LIMIT 1) AS mattering`, account)
	return n > 0, err
}

const atAddressesSQL = `SELECT ` + columns + ` FROM collections c WHERE c.id {in $1} AND c.uri = ''
	UNION SELECT ` + columns + ` FROM collections c WHERE c.uri {in $2} AND c.uri <> ''
	UNION SELECT ` + columns + ` FROM collections c WHERE c.url {in $2} AND c.url <> '' AND c.uri <> ''`

// atAddresses gives members' collections by their numbers, and those of other servers by their ids and pages.
func atAddresses(ctx context.Context, q db.Q, numbers []id.Collection, addresses []string) ([]*Collection, error) {
	return db.All(ctx, q, scan, atAddressesSQL, numbers, addresses)
}
