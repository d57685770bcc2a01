package db

import (
	"context"
	"sync"
)

// liteReaders keeps the connections that read, opened when first needed.
type liteReaders struct {
	dsn  string
	idle chan *liteConn
	room chan struct{} // one for each connection that may still be opened
	shut chan struct{}
	once sync.Once
}

func newLiteReaders(dsn string, count int) *liteReaders {
	r := &liteReaders{dsn: dsn, idle: make(chan *liteConn, count), room: make(chan struct{}, count), shut: make(chan struct{})}
	for range count {
		r.room <- struct{}{}
	}
	return r
}

func (r *liteReaders) take(ctx context.Context) (*liteConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case conn := <-r.idle:
		return conn, nil
	default:
	}
	select {
	case conn := <-r.idle:
		return conn, nil
	case <-r.room:
		return r.open()
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-r.shut:
		return nil, ErrClosed
	}
}

func (r *liteReaders) open() (*liteConn, error) {
	select {
	case <-r.shut:
		return nil, ErrClosed
	default:
	}
	conn, err := openLiteConn(r.dsn)
	if err != nil {
		r.room <- struct{}{}
		return nil, err
	}
	return conn, nil
}

func (r *liteReaders) put(conn *liteConn) {
	conn.fresh()
	r.idle <- conn
}

// close waits for every reader to come back.
func (r *liteReaders) close() {
	r.once.Do(func() {
		close(r.shut)
		for range cap(r.idle) {
			select {
			case conn := <-r.idle:
				_ = conn.close()
			case <-r.room:
			}
		}
	})
}
