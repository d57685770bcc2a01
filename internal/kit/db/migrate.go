package db

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// migrator is a connection that changes the schema while nobody else does.
type migrator interface {
	// tables lists the tables that are there.
	tables(ctx context.Context) ([]string, error)
	// applied tells the steps taken, and the oldest program each asks for.
	applied(ctx context.Context) (map[string]string, error)
	// apply takes one step, wholly or not at all.
	apply(ctx context.Context, step migration, now int64, program string) error
	close()
}

const appliedTable = `CREATE TABLE IF NOT EXISTS schema_migrations (
	name           TEXT NOT NULL PRIMARY KEY,
	applied_at     BIGINT NOT NULL,
	program        TEXT NOT NULL,
	oldest_program TEXT NOT NULL
);`

const recordApplied = `INSERT INTO schema_migrations (name, applied_at, program, oldest_program) VALUES ($1, $2, $3, $4)`

// Migrate leads the schema to where the files say. Where there is something to
// lose, a verified copy is taken first; without it nothing is changed. Each
// step is taken wholly or not at all. A database that asks for a newer program
// than this one is not touched.
func (d *DB) Migrate(ctx context.Context, files fs.FS, program string) error {
	if err := d.migrate(ctx, files, program); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (d *DB) migrate(ctx context.Context, files fs.FS, program string) error {
	steps, err := findMigrations(files, d.engine)
	if err != nil {
		return err
	}
	m, err := d.store.migrator(ctx)
	if err != nil {
		return err
	}
	defer m.close()
	applied, err := m.applied(ctx)
	if err != nil {
		return err
	}
	if err := checkProgram(applied, program); err != nil {
		return err
	}
	pending := pendingSteps(steps, applied)
	if len(pending) == 0 {
		return nil
	}
	for i := range pending {
		if err := pending[i].read(files, d.engine); err != nil {
			return err
		}
	}
	copied, err := d.copyBefore(ctx, m, pending[0].name)
	if err != nil {
		return err
	}
	for _, step := range pending {
		if err := m.apply(ctx, step, d.Now().UnixMilli(), program); err != nil {
			return fmt.Errorf("%s: %w (it was undone%s)", step.name, err, copied)
		}
		d.config.Log.Info("schema changed", "migration", step.name)
	}
	return d.seedIDs(ctx)
}

func checkProgram(applied map[string]string, program string) error {
	for name, oldest := range applied {
		if oldest != "" && olderVersion(program, oldest) {
			return fmt.Errorf("this database (%s) needs version %s or newer, and this is version %s; nothing was changed", name, oldest, program)
		}
	}
	return nil
}

func pendingSteps(steps []migration, applied map[string]string) []migration {
	var pending []migration
	for _, step := range steps {
		if _, done := applied[step.name]; !done {
			pending = append(pending, step)
		}
	}
	return pending
}

// copyBefore takes the copy, and gives words that tell where it is.
func (d *DB) copyBefore(ctx context.Context, m migrator, next string) (string, error) {
	tables, err := m.tables(ctx)
	if err != nil || len(tables) == 0 {
		return "", err
	}
	report, err := d.backupBefore(ctx, next)
	if err != nil {
		return "", fmt.Errorf("nothing was changed, because no copy could be made first: %w", err)
	}
	d.config.Log.Info("copy taken before the schema changes", "path", report.Path, "bytes", report.Bytes)
	return "; a copy from before is " + report.Path, nil
}

func (d *DB) backupBefore(ctx context.Context, next string) (BackupReport, error) {
	dir := d.config.BackupDir
	if dir == "" {
		l, ok := d.store.(*lite)
		if !ok {
			return BackupReport{}, errors.New("no folder for backups is configured")
		}
		dir = filepath.Join(filepath.Dir(l.path), "backups")
	}
	name := fmt.Sprintf("before-%s-%s", next, d.Now().UTC().Format("20060102-150405.000"))
	if d.engine == SQLite {
		name += ".db"
	} else {
		name += ".pgcopy"
	}
	return d.Backup(ctx, filepath.Join(dir, name))
}
