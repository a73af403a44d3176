package cluster

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Timing says how closely a database is watched. The zero value is that of a
// pool at work.
type Timing struct {
	// Ask is how often one who does not lead asks to.
	Ask time.Duration
	// Check is how often a leader makes sure that it still is, and how long the
	// answer may take.
	Check time.Duration
	// Retry is how long to wait for a database that is away.
	Retry time.Duration
}

// usual is the timing of a pool at work.
var usual = Timing{Ask: 2 * time.Second, Check: 2 * time.Second, Retry: time.Second}

// Postgres is a cluster over a PostgreSQL database. Each Lead and Listen has a
// connection of its own while it runs.
type Postgres struct {
	config *pgx.ConnConfig
	tell   *pgxpool.Pool
	timing Timing
	log    *slog.Logger
}

var _ Cluster = (*Postgres)(nil)

// Join prepares to use the database at a URL. Nothing is asked of it yet.
func Join(address string, timing Timing, log *slog.Logger) (*Postgres, error) {
	pool, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("joining the other processes: the database's address is not like postgres://user:password@host:5432/database")
	}
	if timing == (Timing{}) {
		timing = usual
	}
	pool.ConnConfig.ConnectTimeout = timing.Check + time.Second
	pool.ConnConfig.RuntimeParams["application_name"] = "adit cluster"
	// The server must notice that a leader's machine has vanished, and later than
	// the leader notices that it cannot reach the server.
	pool.ConnConfig.RuntimeParams["tcp_keepalives_idle"] = "10"
	pool.ConnConfig.RuntimeParams["tcp_keepalives_interval"] = "5"
	pool.ConnConfig.RuntimeParams["tcp_keepalives_count"] = "3"
	pool.MaxConns = 2
	tell, err := pgxpool.NewWithConfig(context.Background(), pool)
	if err != nil {
		return nil, fmt.Errorf("joining the other processes: %w", err)
	}
	return &Postgres{pool.ConnConfig, tell, timing, log}, nil
}

// Close ends the use of the database. Lead and Listen must have returned.
func (p *Postgres) Close() { p.tell.Close() }

// Tell implements Cluster.
func (p *Postgres) Tell(ctx context.Context, topic Topic, payload string) error {
	if len(payload) > MaxPayload {
		return fmt.Errorf("telling the other processes: a message of %d bytes, more than %d", len(payload), MaxPayload)
	}
	ctx, cancel := context.WithTimeout(ctx, p.timing.Check)
	defer cancel()
	if _, err := p.tell.Exec(ctx, `SELECT pg_notify($1, $2)`, string(topic), payload); err != nil {
		return fmt.Errorf("telling the other processes: %w", err)
	}
	return nil
}

// Listen implements Cluster.
func (p *Postgres) Listen(ctx context.Context, topic Topic, f func(payload string)) {
	p.connected(ctx, "listening to the other processes", func(conn *pgx.Conn) error {
		if _, err := conn.Exec(ctx, `LISTEN `+pgx.Identifier{string(topic)}.Sanitize()); err != nil {
			return err
		}
		for {
			message, err := conn.WaitForNotification(ctx)
			if err != nil {
				return err
			}
			f(message.Payload)
		}
	})
}

// connected runs f with a connection, again and again until ctx ends.
func (p *Postgres) connected(ctx context.Context, what string, f func(conn *pgx.Conn) error) {
	for ctx.Err() == nil {
		conn, err := pgx.ConnectConfig(ctx, p.config)
		if err == nil {
			err = f(conn)
			p.disconnect(conn)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			p.log.Debug(what, "err", err)
		}
		sleep(ctx, p.timing.Retry)
	}
}

func (p *Postgres) disconnect(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), p.timing.Check)
	defer cancel()
	conn.Close(ctx)
}

// sleep waits, unless ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Lead implements Cluster. A leader that cannot reach the database stops
// within twice Timing.Check; the server must not have given the lead away
// before, which it does when it sees that the connection has ended. What f does
// must therefore be right even when two do it for a moment, as everything is
// that the ledger's transactions decide.
func (p *Postgres) Lead(ctx context.Context, what string, f func(ctx context.Context)) {
	p.connected(ctx, "asking to lead in "+what, func(conn *pgx.Conn) error {
		if err := p.elect(ctx, conn, what); err != nil {
			return err
		}
		p.log.Info("this process leads", "in", what)
		defer p.log.Info("this process does not lead any more", "in", what)
		return p.reign(ctx, conn, f)
	})
}

// elect waits until this process has the lead.
func (p *Postgres) elect(ctx context.Context, conn *pgx.Conn, what string) error {
	for {
		var mine bool
		if err := p.ask(ctx, conn, `SELECT pg_try_advisory_lock($1)`, &mine, lockKey(what)); err != nil || mine {
			return err
		}
		sleep(ctx, p.timing.Ask)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// ask asks for one value, and does not wait long.
func (p *Postgres) ask(ctx context.Context, conn *pgx.Conn, query string, into any, args ...any) error {
	ctx, cancel := context.WithTimeout(ctx, p.timing.Check)
	defer cancel()
	return conn.QueryRow(ctx, query, args...).Scan(into)
}

// lockKey numbers an advisory lock.
func lockKey(what string) int64 {
	h := fnv.New64a()
	h.Write([]byte("adit lead " + what))
	return int64(h.Sum64())
}

// reign runs f until the connection that holds the lock is lost, f returns, or
// ctx ends.
func (p *Postgres) reign(ctx context.Context, conn *pgx.Conn, f func(ctx context.Context)) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	defer func() {
		cancel()
		<-done
	}()
	for {
		select {
		case <-done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(p.timing.Check):
		}
		var one int
		if err := p.ask(ctx, conn, `SELECT 1`, &one); err != nil {
			return fmt.Errorf("the lead is lost: %w", err)
		}
	}
}
