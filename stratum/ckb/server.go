package ckb

import (
	"errors"

	"github.com/aditmine/adit/stratum"
)

// ServerMessage is what a server sends: *Reply, *SetTarget, *Notify,
// *SetDifficulty, *SetExtranonce, *Reconnect, *ShowMessage, *GetVersion or
// *Notification. It keeps no part of the line it was read from.
type ServerMessage interface{ serverMessage() }

// Reply answers a request. Which result to expect follows from the request
// with the same id.
type Reply struct {
	ID     stratum.ID
	Err    *stratum.ReplyError // nil when there is no error
	Result stratum.Value       // absent or null when there is none
}

// SubscribeResult is the result of mining.subscribe: [session, nonce1, size].
// The session comes as null, as the string "null", as a string, or as the
// nested list of the Bitcoin dialect, whose last string it then is.
type SubscribeResult struct {
	SessionID  string // empty when there is none
	Nonce1     []byte // the first bytes of every nonce
	Nonce2Size int    // how many bytes follow; together 16
}

// SetTarget gives the share target of the jobs that follow.
type SetTarget struct{ Target [32]byte } // big-endian

// Notify is a job.
type Notify struct {
	JobID   string
	PowHash [32]byte
	Height  uint64
	// ParentHash is for information: some servers put other things here, so
	// anything but 32 bytes of hexadecimal digits is read as nil.
	ParentHash []byte
	// Clean says that shares of earlier jobs are of no more use.
	Clean bool
}

// SetDifficulty is another way to say what mining.set_target says. What
// difficulty 1 means differs between servers, so it decides nothing.
type SetDifficulty struct{ Difficulty float64 }

// SetExtranonce changes nonce1 and the length of nonce2 for the jobs that
// follow.
type SetExtranonce struct {
	Nonce1     []byte
	Nonce2Size int
}

// Reconnect sends the miner elsewhere. An empty host stands for the present
// one, port 0 for the present port.
type Reconnect struct {
	Host string
	Port uint16
}

// ShowMessage is a text for the miner's owner.
type ShowMessage struct{ Text string }

// GetVersion asks the miner for its name and version.
type GetVersion struct{ ID stratum.ID }

// Notification is anything else that has a method.
type Notification struct {
	ID     stratum.ID
	Method string
}

func (*Reply) serverMessage()         {}
func (*SetTarget) serverMessage()     {}
func (*Notify) serverMessage()        {}
func (*SetDifficulty) serverMessage() {}
func (*SetExtranonce) serverMessage() {}
func (*Reconnect) serverMessage()     {}
func (*ShowMessage) serverMessage()   {}
func (*GetVersion) serverMessage()    {}
func (*Notification) serverMessage()  {}

// ParseServerMessage reads one line of a server. The error is a
// *stratum.SyntaxError for a line that is no acceptable JSON, and otherwise a
// *stratum.MethodError around a *stratum.FieldError.
func ParseServerMessage(line []byte) (ServerMessage, error) {
	m, err := stratum.ParseMessage(line, stratum.DefaultLimits())
	var syntax *stratum.SyntaxError
	if errors.As(err, &syntax) {
		return nil, err
	}
	var msg ServerMessage
	if err == nil {
		msg, err = parseServerMethod(&m)
	}
	if err != nil {
		return nil, &stratum.MethodError{Method: m.Method, Err: err}
	}
	return msg, nil
}

func parseServerMethod(m *stratum.Message) (ServerMessage, error) {
	switch m.Method {
	case "":
		return parseReply(m), nil
	case MethodNotify:
		return parseNotify(m.Params)
	case MethodSetTarget:
		t := new(SetTarget)
		return t, stratum.FixedHex(first(m.Params), "target", t.Target[:])
	case MethodSetDifficulty:
		d, err := positive(first(m.Params), "difficulty")
		return &SetDifficulty{d}, err
	case MethodSetExtranonce:
		return parseSetExtranonce(m.Params)
	case MethodReconnect:
		return parseReconnect(m.Params)
	case MethodShowMessage:
		s, err := stratum.OptionalText(first(m.Params), "text")
		return &ShowMessage{s}, err
	case MethodGetVersion:
		return &GetVersion{m.ID}, nil
	}
	return &Notification{m.ID, m.Method}, nil
}

func parseReply(m *stratum.Message) *Reply {
	return &Reply{ID: m.ID, Err: stratum.ParseReplyError(m.Error, CodeOther), Result: m.Result.Clone()}
}

// OK reports success: no error, and a result that is neither null nor false.
func (r *Reply) OK() bool {
	value, isBool := r.Result.Bool()
	return r.Err == nil && !r.Result.Missing() && (value || !isBool)
}

// Subscribe reads the result of mining.subscribe.
func (r *Reply) Subscribe() (*SubscribeResult, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	if r.Result.Kind() != stratum.Array {
		return nil, &stratum.FieldError{Field: "result", Problem: "must be a list of session, nonce1 and nonce2 size"}
	}
	var arg [3]stratum.Value
	r.Result.Fill(arg[:])
	s := &SubscribeResult{SessionID: sessionID(arg[0])}
	var err error
	s.Nonce1, s.Nonce2Size, err = nonceSplit(arg[1], arg[2])
	return s, err
}

// sessionID reads the forms named at SubscribeResult.
func sessionID(v stratum.Value) string {
	if s, ok := v.Text(); ok && s != "null" {
		return s
	}
	id := ""
	for e := range v.Elements() {
		if s := sessionID(e); s != "" {
			id = s
		}
	}
	return id
}

// nonceSplit reads nonce1 and the length of nonce2, which together are the
// nonce, with at least one byte for the miner.
func nonceSplit(nonce1, size stratum.Value) ([]byte, int, error) {
	n1, err := stratum.RangeHex(nonce1, "nonce1", 0, NonceSize-1)
	if err != nil {
		return nil, 0, err
	}
	n, ok := size.Uint64()
	if !ok || n != uint64(NonceSize-len(n1)) {
		return nil, 0, &stratum.FieldError{Field: "nonce2 size", Problem: "must be a number that makes 16 with the length of nonce1"}
	}
	return n1, int(n), nil
}

func parseSetExtranonce(params stratum.Value) (ServerMessage, error) {
	var arg [2]stratum.Value
	params.Fill(arg[:])
	n1, size, err := nonceSplit(arg[0], arg[1])
	if err != nil {
		return nil, err
	}
	return &SetExtranonce{n1, size}, nil
}

func parseNotify(params stratum.Value) (ServerMessage, error) {
	var arg [5]stratum.Value
	params.Fill(arg[:])
	n := new(Notify)
	var err error
	if n.JobID, err = stratum.RequiredText(arg[0], "job id"); err != nil {
		return nil, err
	}
	if err = stratum.FixedHex(arg[1], "pow_hash", n.PowHash[:]); err != nil {
		return nil, err
	}
	var ok bool
	if n.Height, ok = arg[2].Uint64(); !ok {
		return nil, &stratum.FieldError{Field: "height", Problem: "must be an integer that is not negative"}
	}
	if parent, ok := arg[3].HexBytes(32, 32); ok {
		n.ParentHash = parent
	}
	if n.Clean, ok = arg[4].Bool(); !ok {
		return nil, &stratum.FieldError{Field: "clean_jobs", Problem: "must be true or false"}
	}
	return n, nil
}

func parseReconnect(params stratum.Value) (ServerMessage, error) {
	host, port, err := stratum.HostPort(params)
	return &Reconnect{host, port}, err
}
