package cluster

import "context"

// Topic is what messages are about.
type Topic string

// The topics of a pool.
const (
	Tips Topic = "adit_tips" // the payload is a coin's name: its chain has a new tip
	Bans Topic = "adit_bans" // the payload is one ban, or the lifting of one
)

// MaxPayload is how long a message may be, in bytes: what PostgreSQL carries.
const MaxPayload = 7999

// Cluster is a process's place among those of its pool.
type Cluster interface {
	// Lead runs f whenever this process leads in what is named, until ctx
	// ends; it returns after f has. f's context ends when the lead is lost,
	// and another process may lead then: f must end soon.
	Lead(ctx context.Context, what string, f func(ctx context.Context))
	// Tell sends a message to the processes that listen, this one among them.
	// It may be lost.
	Tell(ctx context.Context, topic Topic, payload string) error
	// Listen calls f for each message until ctx ends. Some may be missed.
	Listen(ctx context.Context, topic Topic, f func(payload string))
}

// Alone is the cluster of one process, which leads in everything. Messages go
// nowhere: whoever would send one is the one to hear it.
type Alone struct{}

var _ Cluster = Alone{}

// Lead implements Cluster.
func (Alone) Lead(ctx context.Context, _ string, f func(ctx context.Context)) { f(ctx) }

// Tell implements Cluster.
func (Alone) Tell(context.Context, Topic, string) error { return nil }

// Listen implements Cluster.
func (Alone) Listen(ctx context.Context, _ Topic, _ func(string)) { <-ctx.Done() }
