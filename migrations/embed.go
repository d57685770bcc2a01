// Package migrations carries the SQL files that lead an empty database to the
// present schema: NNNN_name.sql for both engines, NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql only where they must differ. Forward only.
package migrations

import "embed"

// Files holds every migration, applied in the order of their numbers.
//
//go:embed *.sql
var Files embed.FS
