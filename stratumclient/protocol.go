package stratumclient

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
)

// protocol is the miner's side of one connection in one dialect, without any
// input or output: lines go in, reactions come out. It is not safe for
// concurrent use.
type protocol interface {
	// hello is the request that opens the session.
	hello() []byte
	// receive takes one line of the pool. After an error other than a
	// *malformedError the connection is of no more use; what the reaction
	// holds is valid all the same.
	receive(line []byte) (reaction, error)
	// submit encodes a share of one of this connection's jobs and returns the
	// id its answer will have.
	submit(s *Share) (line []byte, id int64)
	// keepalive is a line that shows the pool we are there, nil when the pool
	// wants none.
	keepalive() []byte
	// ready reports whether the pool has accepted the login.
	ready() bool
}

// reaction is what follows from a line.
type reaction struct {
	send    []byte  // an answer, nil when there is none
	events  []Event // LoggedIn, NewJob, Notice
	verdict *verdict
	// redirect asks to reconnect; its host and port may be empty.
	redirect *redirect
}

func (r *reaction) add(e Event) { r.events = append(r.events, e) }

// verdict is the pool's answer to the request with this id.
type verdict struct {
	id       int64
	accepted bool
	reason   string
}

type redirect struct {
	host string
	port uint16
}

// malformedError is a line that could not be used, on a connection that still
// can.
type malformedError struct{ err error }

func (e *malformedError) Error() string { return "unusable line from the pool: " + e.err.Error() }
func (e *malformedError) Unwrap() error { return e.err }

// identity is what both protocols know about their connection.
type identity struct {
	pool       string
	endpoint   Endpoint
	agent      string
	algorithms []*hash.Algorithm // the endpoint's first
	generation uint64
}

// names are the names of the algorithms on offer.
func (i *identity) names() []string {
	names := make([]string, len(i.algorithms))
	for n, a := range i.algorithms {
		names[n] = a.Name
	}
	return names
}

// algorithm finds what a job is for; an empty name means the endpoint's.
func (i *identity) algorithm(name string) (*hash.Algorithm, error) {
	if name == "" && i.endpoint.Algorithm == nil {
		return nil, ErrUnnamedAlgorithm
	}
	if name == "" {
		return i.endpoint.Algorithm, nil
	}
	a, err := hash.Lookup(name)
	if err != nil || !slices.Contains(i.algorithms, a) {
		return nil, &AlgorithmError{Name: stratum.Printable(name), Mines: i.names()}
	}
	return a, nil
}

// offer lists the endpoint's algorithm, if it has one, then the others of its
// dialect.
func offer(e *Endpoint, all []*hash.Algorithm) []*hash.Algorithm {
	var list []*hash.Algorithm
	if e.Algorithm != nil {
		list = append(list, e.Algorithm)
	}
	for _, a := range all {
		if DialectOf(a) == DialectOf(e.Algorithm) && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// judgeParseError decides whether a line that could not be parsed ends the
// connection: without its jobs the connection is of no use, without anything
// else it is.
func judgeParseError(err error, vital ...string) error {
	var method *stratum.MethodError
	if errors.As(err, &method) && slices.Contains(vital, method.Method) {
		return fmt.Errorf("the pool sent an unusable job: %w", err)
	}
	return &malformedError{err}
}

// reasonOf is what a pool gave as the reason of a refusal.
func reasonOf(err *stratum.ReplyError) string {
	if err == nil {
		return "refused without a reason"
	}
	return stratum.Printable(err.Message)
}
