package collections

import (
	"context"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

const columns = `c.id, c.account_id, c.name, c.description, c.language, c.tag, c.sensitive, c.discoverable, c.created_at, c.updated_at`

func scan(r db.Row) (*Collection, error) {
	c := &Collection{}
	var created, updated int64
	err := r.Scan(&c.ID, &c.Owner, &c.Name, &c.Description, &c.Language, &c.Tag, &c.Sensitive, &c.Discoverable, &created, &updated)
	c.CreatedAt, c.UpdatedAt = time.UnixMilli(created).UTC(), time.UnixMilli(updated).UTC()
	return c, err
}

const itemColumns = `i.id, i.collection_id, i.account_id, i.state, i.created_at`

func scanItem(r db.Row) (*Item, error) {
	i := &Item{}
	var created int64
	err := r.Scan(&i.ID, &i.Collection, &i.Account, &i.State, &created)
	i.CreatedAt = time.UnixMilli(created).UTC()
	return i, err
}

func insert(ctx context.Context, tx *db.Tx, c *Collection) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO collections (id, account_id, name, description, language, tag, sensitive, discoverable, created_at, updated_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`, c.ID, c.Owner, c.Name, c.Description, c.Language, c.Tag, c.Sensitive, c.Discoverable,
		clock.Milli(c.CreatedAt), clock.Milli(c.UpdatedAt))
	return err
}

func update(ctx context.Context, tx *db.Tx, c *Collection) error {
	_, err := db.Exec(ctx, tx, `UPDATE collections SET name = $2, description = $3, language = $4, tag = $5, sensitive = $6, discoverable = $7, updated_at = $8
		WHERE id = $1`, c.ID, c.Name, c.Description, c.Language, c.Tag, c.Sensitive, c.Discoverable, clock.Milli(c.UpdatedAt))
	return err
}

func touch(ctx context.Context, tx *db.Tx, which id.Collection) error {
	_, err := db.Exec(ctx, tx, `UPDATE collections SET updated_at = $2 WHERE id = $1`, which, clock.Milli(tx.Now()))
	return err
}

// remove deletes a collection with its items, of which there are few.
func remove(ctx context.Context, tx *db.Tx, which id.Collection) error {
	if _, err := db.Exec(ctx, tx, `DELETE FROM collection_items WHERE collection_id = $1`, which); err != nil {
		return err
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

// ofOwner lists a member's collections, newest first: at most MaxPerMember.
func ofOwner(ctx context.Context, q db.Q, owner id.Account, all bool) ([]*Collection, error) {
	return db.All(ctx, q, scan, ofOwnerSQL, owner, all, MaxPerMember)
}

const holdingSQL = `SELECT ` + columns + ` FROM collection_items i JOIN collections c ON c.id = i.collection_id JOIN accounts a ON a.id = c.account_id
	WHERE i.account_id = $1 AND i.state <> 'revoked' AND a.suspended_at IS NULL AND a.deleted_at IS NULL ORDER BY i.id DESC LIMIT $2`

// holding lists the collections that an account is in, the latest first.
func holding(ctx context.Context, q db.Q, who id.Account, limit int) ([]*Collection, error) {
	return db.All(ctx, q, scan, holdingSQL, who, limit)
}

func insertItem(ctx context.Context, tx *db.Tx, i *Item) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO collection_items (id, collection_id, account_id, state, created_at) VALUES ($1,$2,$3,$4,$5)`,
		i.ID, i.Collection, i.Account, string(i.State), clock.Milli(i.CreatedAt))
	return err
}

func itemOf(ctx context.Context, q db.Q, which id.Collection, item id.CollectionItem) (*Item, error) {
	return db.One(ctx, q, scanItem, `SELECT `+itemColumns+` FROM collection_items i WHERE i.id = $1 AND i.collection_id = $2`, item, which)
}

func setState(ctx context.Context, tx *db.Tx, item id.CollectionItem, state State) error {
	_, err := db.Exec(ctx, tx, `UPDATE collection_items SET state = $2 WHERE id = $1`, item, string(state))
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
