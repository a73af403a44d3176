package ckb

import (
	"errors"

	"github.com/aditmine/adit/stratum"
)

// Request is what a miner sends: *Subscribe, *Authorize, *Submit,
// *ExtranonceSubscribe, *SuggestDifficulty, *SuggestTarget or *Unknown. It
// keeps no part of the line it was read from.
type Request interface {
	// RequestID is the id to answer to.
	RequestID() stratum.ID
}

// Subscribe opens a session: params [agent, session id or null].
type Subscribe struct {
	ID    stratum.ID
	Agent string // may be empty
	// SessionID asks for the session of an earlier connection; may be empty.
	SessionID string
}

// Authorize names the worker: params [user, password].
type Authorize struct {
	ID   stratum.ID
	User string // account or address, often with .worker behind it; not empty
	Pass string // may be empty
}

// Submit hands in a share: params [worker, job id, nonce2].
type Submit struct {
	ID     stratum.ID
	Worker string
	JobID  string
	// Nonce2 is what the miner chose of the nonce, 1 to 16 bytes. Whether its
	// length is the one assigned is for the session to check.
	Nonce2 []byte
}

// ExtranonceSubscribe says that the miner understands mining.set_extranonce.
type ExtranonceSubscribe struct{ ID stratum.ID }

// SuggestDifficulty asks for a share difficulty, in whatever unit the miner
// thinks in: servers do not agree on what difficulty 1 is.
type SuggestDifficulty struct {
	ID         stratum.ID
	Difficulty float64 // finite, above 0
}

// SuggestTarget asks for a share target.
type SuggestTarget struct {
	ID     stratum.ID
	Target [32]byte // big-endian
}

// Unknown is a request whose method is not one of the above.
type Unknown struct {
	ID     stratum.ID
	Method string
}

// RequestID returns the request's id.
func (r *Subscribe) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *Authorize) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *Submit) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *ExtranonceSubscribe) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *SuggestDifficulty) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *SuggestTarget) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *Unknown) RequestID() stratum.ID { return r.ID }

// ParseRequest reads one line of a miner. The error is always a
// *stratum.Error: a line that is no acceptable JSON is to be answered and the
// connection closed, an unusable member is to be answered; its Cause, a
// *stratum.FieldError, names the member. Params that are missing are read as
// an empty list.
func ParseRequest(line []byte) (Request, error) {
	m, err := stratum.ParseMessage(line, stratum.DefaultLimits())
	if err != nil {
		return nil, refuse(m.ID, err)
	}
	if m.Method == "" {
		return nil, refuse(m.ID, stratum.MissingField("method"))
	}
	if !m.Params.Missing() && m.Params.Kind() != stratum.Array {
		return nil, refuse(m.ID, &stratum.FieldError{Field: "params", Problem: "must be a list"})
	}
	req, err := parseMethod(&m)
	if err != nil {
		return nil, refuse(m.ID, err)
	}
	return req, nil
}

func parseMethod(m *stratum.Message) (Request, error) {
	switch m.Method {
	case MethodSubmit:
		return parseSubmit(m)
	case MethodSubscribe:
		return parseSubscribe(m)
	case MethodAuthorize:
		return parseAuthorize(m)
	case MethodExtranonceSubscribe:
		return &ExtranonceSubscribe{m.ID}, nil
	case MethodSuggestDifficulty:
		d, err := positive(first(m.Params), "difficulty")
		return &SuggestDifficulty{m.ID, d}, err
	case MethodSuggestTarget:
		r := &SuggestTarget{ID: m.ID}
		return r, stratum.FixedHex(first(m.Params), "target", r.Target[:])
	}
	return &Unknown{m.ID, m.Method}, nil
}

// refuse turns the reason why a line cannot be served into what to answer.
func refuse(id stratum.ID, cause error) *stratum.Error {
	e := &stratum.Error{ID: id, Code: CodeOther, Message: cause.Error(), Reply: true, Cause: cause}
	var field *stratum.FieldError
	if !errors.As(cause, &field) {
		e.Message, e.Disconnect = TextInvalidJSON, true
	}
	return e
}

func parseSubscribe(m *stratum.Message) (Request, error) {
	var arg [2]stratum.Value
	m.Params.Fill(arg[:])
	r := &Subscribe{ID: m.ID}
	var err error
	if r.Agent, err = stratum.OptionalText(arg[0], "agent"); err != nil {
		return nil, err
	}
	r.SessionID, err = stratum.OptionalText(arg[1], "session id")
	return r, err
}

func parseAuthorize(m *stratum.Message) (Request, error) {
	var arg [2]stratum.Value
	m.Params.Fill(arg[:])
	r := &Authorize{ID: m.ID}
	var err error
	if r.User, err = stratum.RequiredText(arg[0], "user"); err != nil {
		return nil, err
	}
	r.Pass, err = stratum.OptionalText(arg[1], "password")
	return r, err
}

func parseSubmit(m *stratum.Message) (Request, error) {
	var arg [3]stratum.Value
	m.Params.Fill(arg[:])
	r := &Submit{ID: m.ID}
	var err error
	if r.Worker, err = stratum.RequiredText(arg[0], "worker"); err != nil {
		return nil, err
	}
	if r.JobID, err = stratum.RequiredText(arg[1], "job id"); err != nil {
		return nil, err
	}
	r.Nonce2, err = stratum.RangeHex(arg[2], "nonce2", 1, NonceSize)
	return r, err
}
