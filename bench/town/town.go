// Package town makes a server as it is after years: a thousand members, the accounts of other servers that they read, and statuses in
// threads, boosted, favourited, with pictures, in several languages. Who writes, who is followed and which words are used follow power
// laws. It is written straight into a database of either engine, from a seed, so that two runs make the same town.
package town

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
)

// What a town has whatever its size. Members follow the same accounts in every size, so that what a page costs can be compared.
const (
	Members    = 1000 // unless the plan says otherwise
	followed   = 3000 // accounts that members follow, those who write most
	hosts      = 300
	tags       = 3000
	perBatch   = 5000   // statuses written at once; other batches would make another town
	remembered = 20_000 // statuses that the next ones answer and boost
	years      = 2
)

// Plan says what to make.
type Plan struct {
	Statuses int
	Members  int                     // 0 for Members
	Now      time.Time               // the newest status is an hour older
	Tell     func(statuses, all int) // called now and then, when it is not nil
}

// Token is that of a member of a town, who may read and write; members are counted from 0.
func Token(member int) string {
	return fmt.Sprintf("a-token-of-member-%d-in-a-town-that-is-measured", member)
}

// Username is that of a member of a town.
func Username(member int) string { return fmt.Sprintf("m%d", member) }

// person is an account: an id, and whether it is a member's.
type person struct {
	id    int64
	local bool
}

// post is what later statuses need to know of one.
type post struct {
	id, author, thread int64
	open, boost        bool // anybody may read it; it is a boost
}

// builder makes a town.
type builder struct {
	plan   Plan
	size   int // of a batch
	d      *db.DB
	people []person // the one that writes most first
	recent []post
	words  vocabulary
}

// Build makes the town, or goes on where an earlier call was stopped. The database must have its schema and no server on it.
func Build(ctx context.Context, d *db.DB, plan Plan) error {
	return (&builder{plan: plan, size: perBatch, d: d, words: newVocabulary()}).build(ctx)
}

func (b *builder) build(ctx context.Context) error {
	d, plan := b.d, b.plan
	// What was done so far is kept with it, so that a stopped call is no loss.
	if err := b.run(ctx, `CREATE TABLE IF NOT EXISTS town (step TEXT NOT NULL PRIMARY KEY, statuses BIGINT NOT NULL, of_all BIGINT NOT NULL, newest BIGINT NOT NULL)`); err != nil {
		return err
	}
	begun, err := db.One(ctx, d, func(r db.Row) (p [3]int64, err error) { err = r.Scan(&p[0], &p[1], &p[2]); return p, err },
		`SELECT statuses, of_all, newest FROM town WHERE step = 'statuses'`)
	switch {
	case fault.Is(err, fault.NotFound):
		b.settle()
		if err := b.foundation(ctx); err != nil {
			return fmt.Errorf("people: %w", err)
		}
	case err != nil:
		return err
	case begun[1] != int64(plan.Statuses):
		return fmt.Errorf("this database has a town of %d statuses", begun[1])
	default:
		b.plan.Now = time.UnixMilli(begun[2])
		b.settle()
		if err := b.remember(ctx); err != nil {
			return err
		}
	}
	for from := int(begun[0]); from < plan.Statuses; from += b.size {
		if err := b.batch(ctx, from, min(from+b.size, plan.Statuses)); err != nil {
			return fmt.Errorf("statuses from %d: %w", from, err)
		}
		if plan.Tell != nil {
			plan.Tell(min(from+b.size, plan.Statuses), plan.Statuses)
		}
	}
	return b.count(ctx)
}

// settle decides who lives where. Members and others take turns among those who write most.
func (b *builder) settle() {
	if b.plan.Members == 0 {
		b.plan.Members = Members
	}
	others := max(2*b.plan.Members, b.plan.Statuses/100)
	first := b.plan.Now.AddDate(-years, 0, -1).UnixMilli() << 16
	for i := range b.plan.Members + others {
		local := i < 3*b.plan.Members && i%3 == 0
		b.people = append(b.people, person{first + int64(i) + 1, local})
	}
}

func (b *builder) members() (all []int64) {
	for _, p := range b.people {
		if p.local {
			all = append(all, p.id)
		}
	}
	return all
}

func (b *builder) run(ctx context.Context, sql string, args ...any) error {
	return b.d.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, sql, args...)
		return err
	})
}

// rank draws a place from 0 on, by Zipf's law: the second half as often as the first.
func rank(r *rand.Rand, n int) int { return min(int(math.Pow(float64(n), r.Float64())), n) - 1 }

// foundation makes the people, what they follow, and the tags.
func (b *builder) foundation(ctx context.Context) error {
	r := rand.New(rand.NewPCG(1, 1))
	var accounts, members, tokens, follows, names rows
	created := b.people[0].id >> 16
	member := 0
	for i, p := range b.people {
		name, domain, uri := fmt.Sprintf("r%d", i), fmt.Sprintf("h%d.example", rank(r, hosts)), ""
		if p.local {
			name, domain = Username(member), ""
			uri = fmt.Sprintf("https://town.example/ap/users/%d", p.id)
			members.add(p.id, name+"@mail.example", name+"@mail.example", "", created, created, created)
			sum := sha256.Sum256([]byte(Token(member)))
			tokens.add(p.id, hex.EncodeToString(sum[:]), p.id, "read write follow push", created)
			member++
		} else {
			uri = "https://" + domain + "/users/" + name
		}
		accounts.add(p.id, name, name, domain, uri, strings.ToUpper(name[:1])+name[1:]+" "+b.words.word(r, 1), "<p>"+b.words.text(r, "en")+"</p>", created, created, true, true, uri+"/inbox",
			"https://"+domain+"/inbox", b.plan.Now.UnixMilli())
	}
	follow := b.people[0].id
	for _, id := range b.members() {
		wanted := 40 + rank(r, 400)
		seen := map[int64]bool{id: true}
		for range wanted {
			target := b.people[rank(r, followed)].id
			if seen[target] {
				continue
			}
			seen[target] = true
			follow++
			follows.add(follow, id, target, created, false)
		}
	}
	for i := range tags {
		name := b.words.word(r, 1) + fmt.Sprint(i)
		names.add(b.people[0].id+int64(i), name, name, created)
	}
	return b.d.Tx(ctx, func(tx *db.Tx) error {
		for _, one := range []struct {
			into string
			rows rows
		}{
			{`accounts (id i, username t, username_key t, domain t, uri t, display_name t, note t, created_at i, updated_at i, indexable b, discoverable b, inbox_url t, shared_inbox_url t, fetched_at i)`, accounts},
			{`members (account_id i, email t, email_key t, password_hash t, created_at i, confirmed_at i, approved_at i)`, members},
			{`tokens (id i, token_hash t, account_id i, scopes t, created_at i)`, tokens},
			{`follows (id i, account_id i, target_id i, created_at i, remote b)`, follows},
			{`tags (id i, name t, shown t, created_at i)`, names},
		} {
			if err := one.rows.insert(ctx, tx, b.d.Engine(), one.into); err != nil {
				return fmt.Errorf("%s: %w", one.into[:strings.IndexByte(one.into, ' ')], err)
			}
		}
		_, err := db.Exec(ctx, tx, `INSERT INTO town (step, statuses, of_all, newest) VALUES ('statuses', 0, $1, $2)`, b.plan.Statuses, b.plan.Now.UnixMilli())
		return err
	})
}

// remember reads the statuses that the next ones answer.
func (b *builder) remember(ctx context.Context) error {
	var err error
	b.recent, err = db.All(ctx, b.d, func(r db.Row) (p post, err error) {
		err = r.Scan(&p.id, &p.author, &p.thread, &p.open, &p.boost)
		return p, err
	}, `SELECT id, author_id, thread_id, visibility IN ('public', 'unlisted'), boost_of_id IS NOT NULL
		FROM (SELECT * FROM statuses ORDER BY id DESC LIMIT $1) s ORDER BY id`, remembered)
	return err
}

// count writes the counts of accounts, once, and lets the engine learn its tables.
func (b *builder) count(ctx context.Context) error {
	done, err := db.One(ctx, b.d, db.Int64, `SELECT COUNT(*) FROM town WHERE step = 'counts'`)
	if err != nil || done > 0 {
		return err
	}
	if err := b.run(ctx, `INSERT INTO account_counts (account_id, statuses, followers, following, last_status_at)
		SELECT a.id, COALESCE(s.n, 0), COALESCE(t.n, 0), COALESCE(f.n, 0), s.latest FROM accounts a
			LEFT JOIN (SELECT author_id, COUNT(*) AS n, MAX(created_at) AS latest FROM statuses WHERE visibility <> 'direct' GROUP BY author_id) s ON s.author_id = a.id
			LEFT JOIN (SELECT target_id, COUNT(*) AS n FROM follows GROUP BY target_id) t ON t.target_id = a.id
			LEFT JOIN (SELECT account_id, COUNT(*) AS n FROM follows GROUP BY account_id) f ON f.account_id = a.id
			WHERE TRUE ON CONFLICT (account_id) DO UPDATE SET statuses = excluded.statuses, followers = excluded.followers, following = excluded.following, last_status_at = excluded.last_status_at`); err != nil {
		return fmt.Errorf("counts: %w", err)
	}
	return b.d.Tx(ctx, func(tx *db.Tx) error {
		if err := measure(ctx, tx); err != nil {
			return err
		}
		_, err := db.Exec(ctx, tx, `INSERT INTO town (step, statuses, of_all, newest) SELECT 'counts', statuses, of_all, newest FROM town WHERE step = 'statuses'`)
		return err
	})
}

// measure tells PostgreSQL how full its tables are, as it finds out by itself in time. SQLite is never told in a server either: what it
// believes of a table that was empty then would be wrong for as long as the database lives.
func measure(ctx context.Context, tx *db.Tx) error {
	if tx.Engine() != db.Postgres {
		return nil
	}
	_, err := db.Exec(ctx, tx, `ANALYZE`)
	return err
}

// rows are those of one table, to be written at once.
type rows [][]any

func (l *rows) add(values ...any) { *l = append(*l, values) }

// insert writes them; into is a table with its columns, each with its kind: i a whole number, t text, b true or false.
func (l *rows) insert(ctx context.Context, tx *db.Tx, engine db.Engine, into string) error {
	return l.write(ctx, tx, engine, into, "")
}

// insertAdding writes counts of statuses, added to those that are there.
func (l *rows) insertAdding(ctx context.Context, tx *db.Tx, engine db.Engine) error {
	return l.write(ctx, tx, engine, `status_counts (status_id i, replies i, boosts i, favourites i)`, ` ON CONFLICT (status_id) DO UPDATE SET
		replies = status_counts.replies + excluded.replies, boosts = status_counts.boosts + excluded.boosts, favourites = status_counts.favourites + excluded.favourites`)
}

func (l *rows) write(ctx context.Context, tx *db.Tx, engine db.Engine, into, conflict string) error {
	if len(*l) == 0 {
		return nil
	}
	table, columns, _ := strings.Cut(strings.TrimSuffix(into, ")"), " (")
	var names, values []string
	for i, column := range strings.Split(columns, ", ") {
		name, kind, _ := strings.Cut(column, " ")
		names = append(names, name)
		if engine == db.SQLite {
			values = append(values, fmt.Sprintf("value->>%d", i))
			continue
		}
		values = append(values, fmt.Sprintf("CAST(e->>%d AS %s)", i, map[string]string{"i": "BIGINT", "t": "TEXT", "b": "BOOLEAN"}[kind]))
	}
	from := "json_each($1)"
	if engine == db.Postgres {
		from = "json_array_elements(CAST($1 AS json)) e"
	}
	body, err := json.Marshal(*l)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+") SELECT "+strings.Join(values, ", ")+" FROM "+from+" WHERE TRUE"+conflict, string(body))
	return err
}
