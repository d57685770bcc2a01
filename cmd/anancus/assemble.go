package main

import (
	"context"
	"log/slog"

	"anancus/internal/kit/config"
	"anancus/internal/server"
)

// assemble opens the real server.
func assemble(ctx context.Context, c config.Config, version string, log *slog.Logger) (host, error) {
	s, err := server.New(ctx, c, version, log)
	if err != nil {
		return nil, err // not a typed nil
	}
	return s, nil
}
