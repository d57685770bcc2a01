package db

import (
	"context"
	"errors"
)

func (p *postgres) backup(context.Context, string) (BackupReport, error) {
	return BackupReport{}, errors.New("not yet")
}
