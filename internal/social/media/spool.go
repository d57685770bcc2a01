package media

import (
	"fmt"
	"os"

	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"
)

// emptySpool makes the folder of what is being received, without what a crash left there.
func emptySpool(folder string) error {
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("the folder for uploads cannot be emptied: %w", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("the folder for uploads cannot be made: %w", err)
	}
	return nil
}

// Receive reads a form with files, each at most as large as limits says by the name of its field.
func (s *Service) Receive(c *viewer.Call, limits map[string]int64) (rest.Files, error) {
	return c.Receive(rest.Upload{Folder: s.spool, Limits: limits, Within: uploadWithin})
}
