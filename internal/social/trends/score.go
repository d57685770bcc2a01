package trends

import (
	"math"
	"time"
)

// The numbers of Mastodon's algorithm (behaviours §12).
const (
	peakWindow     = 2 * 24 * time.Hour // a peak older than this is forgotten
	keepPeak       = 1                  // what hashtags and links trend with at least
	keepStatus     = 0.3
	statusHalfLife = time.Hour
	// youngFor is how long a status can trend at all: after three days even a milliard of favourites has decayed.
	youngFor = 3 * 24 * time.Hour
)

// surprise is how far what was observed is above what was expected; 0 below the threshold.
func surprise(observed, expected int64, threshold int) score {
	expected = max(expected, 1)
	if observed < int64(threshold) || observed < expected {
		return 0
	}
	over := float64(observed - expected)
	return scoreOf(over * over / float64(expected))
}

// score is a score in millionths: as it is stored.
type score int64

const million = 1_000_000

func scoreOf(f float64) score { return score(math.Round(min(f*million, 1<<62))) }

// after is what is left of a score after some time.
func (v score) after(age, halfLife time.Duration) score {
	return scoreOf(float64(v) / million * math.Pow(0.5, float64(max(age, 0))/float64(halfLife)))
}

// kept is the score where it is at least so high, 0 elsewhere.
func (v score) kept(least float64) score {
	if v < scoreOf(least) {
		return 0
	}
	return v
}

// peak is the highest score that something reached, and when. The zero peak is none.
type peak struct {
	score score
	at    int64 // milliseconds
}

// meet is the peak after a score was seen: the higher of the two.
func (p peak) meet(seen score, now time.Time) peak {
	if p.at < now.Add(-peakWindow).UnixMilli() {
		p = peak{}
	}
	if seen > p.score {
		p = peak{seen, now.UnixMilli()}
	}
	return p
}

// left is the score that decayed since the peak.
func (p peak) left(now time.Time, halfLife time.Duration) score {
	return p.score.after(time.Duration(now.UnixMilli()-p.at)*time.Millisecond, halfLife)
}

// scored is the score of a status: it decays from its beginning.
func (l liked) scored(threshold int, now time.Time) score {
	return surprise(l.likes, 1, threshold).after(now.Sub(l.created), statusHalfLife)
}
