package main

import (
	"context"
	"errors"
	"log/slog"

	"anancus/internal/kit/config"
)

// assemble opens the real server.
func assemble(context.Context, config.Config, string, *slog.Logger) (host, error) {
	return nil, errors.New("this program was built without its server")
}
