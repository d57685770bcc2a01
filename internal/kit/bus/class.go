package bus

import "time"

// Class is a kind of background work. Each has workers of its own, so that a
// slow kind cannot hold up another.
type Class string

// The classes of work.
const (
	Inbox Class = "inbox" // what other servers told us
	Push  Class = "push"  // telling: deliveries, notifications, web push
	Pull  Class = "pull"  // fetching: previews, remote objects, media
	Climb Class = "climb" // fetching what is missing of threads, where servers that are slow or gone must not keep pictures waiting
	Index Class = "index" // search, trends, counts
	Mail  Class = "mail"
	Films Class = "films" // converting what members sent
	Reels Class = "reels" // converting what other servers have, which may take turns with the films of members
)

// classes lists every class in the order Drain works through them.
var classes = []Class{Inbox, Push, Pull, Climb, Index, Mail, Films, Reels}

// workers bounds how many effects of a class run at a time in one process.
// Pull and Climb wait on the network most of the time; Index and Mail must not be felt.
var workers = map[Class]int{Inbox: 4, Push: 8, Pull: 8, Climb: 4, Index: 1, Mail: 2, Films: 1, Reels: 1}

// together is how many effects of a class one worker takes at a time, where more than one wait.
var together = map[Class]int{Index: 50}

// lingers are how long the workers of a class wait for more to come together. Nobody waits for what they do.
var lingers = map[Class]time.Duration{Index: 100 * time.Millisecond}

// patiences bounds how long an effect may take where it is not patience.
var patiences = map[Class]time.Duration{Films: 90 * time.Minute, Reels: 90 * time.Minute}
