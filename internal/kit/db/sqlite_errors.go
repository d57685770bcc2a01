package db

import "errors"

// SQLite's result codes that concern us; the low byte of what the driver tells.
const (
	liteBusy      = 5
	liteNoMem     = 7
	liteInterrupt = 9
	liteIOErr     = 10
	liteCorrupt   = 11
	liteFull      = 13
)

// coded is the driver's error.
type coded interface{ Code() int }

func liteCode(err error) int {
	var c coded
	if errors.As(err, &c) {
		return c.Code() & 0xff
	}
	return 0
}

// isGrave tells the errors after which SQLite may have rolled back more than
// the statement, so that nothing of the open transaction can be trusted.
func isGrave(err error) bool {
	switch liteCode(err) {
	case liteBusy, liteNoMem, liteInterrupt, liteIOErr, liteCorrupt, liteFull:
		return true
	}
	return false
}
