package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Instance is a process that writes to the ledger, or has done so.
type Instance struct {
	Epoch       uint64
	Name, Roles string // for people
	Seen        time.Time
}

// Seen notes that this process is there.
func (s *DB) Seen(ctx context.Context, name, roles string, at time.Time) error {
	const upsert = `INSERT INTO instances (epoch, name, roles, seen_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (epoch) DO UPDATE SET seen_at = excluded.seen_at`
	if _, err := s.q().ExecContext(ctx, upsert, int64(s.epoch), plain(name), roles, at.UnixMilli()); err != nil {
		return fmt.Errorf("noting in the ledger that this process is there: %w", sentinel(err))
	}
	return nil
}

// Instances lists the processes that were seen since a moment, by epoch.
func Instances(ctx context.Context, address string, since time.Time) ([]Instance, error) {
	r, err := openReader(address)
	if err != nil {
		return nil, err
	}
	defer r.db.Close()
	if err := r.checkSchema(ctx); err != nil {
		return nil, err
	}
	list, err := collect(ctx, r.q(), func(rows *sql.Rows) (i Instance, err error) {
		var seen int64
		err = rows.Scan(&i.Epoch, &i.Name, &i.Roles, &seen)
		i.Seen = time.UnixMilli(seen)
		return i, err
	}, `SELECT epoch, name, roles, seen_at FROM instances WHERE seen_at >= ? ORDER BY epoch`, since.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("listing the processes of the pool: %w", err)
	}
	return list, nil
}
