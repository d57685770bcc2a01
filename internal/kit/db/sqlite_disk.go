package db

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// liteDisk takes commits to the disk while the writer goes on. SQLite itself commits without waiting (synchronous = NORMAL) and waits only
// where it folds its log into the file; what was committed lies in the log, which is synced here, once for all that a group wrote. What is
// on the disk is therefore always a whole number of commits, the oldest ones.
type liteDisk struct {
	sync  func() error
	given chan []settled // by the writer, which holds the token then
	free  chan struct{}  // the token: nothing is on its way
	done  chan struct{}

	failed atomic.Pointer[error]
}

// settled is a member with its answer.
type settled struct {
	m *member
	a answer
}

// newLiteDisk gives nil for a database that need not outlive the machine.
func newLiteDisk(c Config, log *liteLog) *liteDisk {
	if c.Fleeting && c.SyncDelay <= 0 {
		return nil
	}
	k := &liteDisk{sync: func() error {
		time.Sleep(c.SyncDelay)
		if c.Fleeting {
			return nil
		}
		return log.sync()
	}, given: make(chan []settled), free: make(chan struct{}, 1), done: make(chan struct{})}
	k.free <- struct{}{}
	go k.work()
	return k
}

func (k *liteDisk) work() {
	defer close(k.done)
	for many := range k.given {
		err := k.sync()
		if err != nil {
			// The kernel may have thrown away what it could not write, and says so once: nothing that is committed after it would be safe.
			err = fmt.Errorf("the disk did not take what was written; nothing more is written until the program is started again: %w", err)
			k.failed.Store(&err)
		}
		k.free <- struct{}{}
		for _, one := range many {
			if err != nil {
				one.a.err, one.a.events = err, nil
			}
			one.m.answer <- one.a
		}
	}
}

// idle tells whether nothing is on its way. Only the writer, who asks, changes that to no.
func (k *liteDisk) idle() bool { return len(k.free) > 0 }

// err tells why the disk takes nothing any more.
func (k *liteDisk) err() error {
	if k == nil {
		return nil
	}
	if err := k.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// stop waits for what is on its way.
func (k *liteDisk) stop() {
	if k != nil {
		close(k.given)
		<-k.done
	}
}

// liteLog is the write-ahead log beside the file. It lies where it is as long as a connection is open.
type liteLog struct {
	path string
	file *os.File
}

// sync waits until the disk has what was written to the log. Its other properties, such as when that was, may be lost.
func (l *liteLog) sync() error {
	if l.file == nil {
		file, err := os.OpenFile(l.path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		l.file = file
	}
	return syncData(l.file)
}

func (l *liteLog) close() {
	if l.file != nil {
		_ = l.file.Close()
	}
}
