package cryptonote

import (
	"errors"

	"github.com/aditmine/adit/stratum"
)

// Methods of requests.
const (
	MethodLogin      = "login"
	MethodSubmit     = "submit"
	MethodKeepalived = "keepalived"
	MethodGetJob     = "getjob"

	methodKeepalive = "keepalive" // an alias some miners send
)

// Request is what a miner sends: *Login, *Submit, *Keepalived, *GetJob or
// *Unknown. It keeps no part of the line it was read from.
type Request interface {
	// RequestID is the id to answer to.
	RequestID() stratum.ID
}

// Login opens a session.
type Login struct {
	ID    stratum.ID
	Login string // wallet address with whatever suffixes; not empty
	Pass  string // often a worker name, often "x"; may be empty
	Agent string // may be empty
	RigID string // may be empty
	// Algos are the algorithm names the miner can mine, best first; nil when
	// it did not say.
	Algos []string
	// Mode is "self-select" for miners that bring their own block template.
	Mode string
}

// Submit hands in a share.
type Submit struct {
	ID    stratum.ID
	RPCID string // the session the miner says it has; may be empty
	JobID string
	// Nonce is the four bytes as they lie in the blob.
	Nonce [4]byte
	// Result is the hash the miner claims, in the byte order it was computed.
	Result [32]byte
	Algo   string // empty when the miner did not say
}

// Keepalived says that the miner is still there.
type Keepalived struct {
	ID    stratum.ID
	RPCID string
}

// GetJob asks for the present job.
type GetJob struct {
	ID    stratum.ID
	RPCID string
}

// Unknown is a request whose method is not one of the above.
type Unknown struct {
	ID     stratum.ID
	Method string
}

// RequestID returns the request's id.
func (r *Login) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *Submit) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *Keepalived) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *GetJob) RequestID() stratum.ID { return r.ID }

// RequestID returns the request's id.
func (r *Unknown) RequestID() stratum.ID { return r.ID }

// ParseRequest reads one line of a miner. The error is always a
// *stratum.Error: a line that is no acceptable JSON is to be answered and the
// connection closed, an unusable member is to be answered; its Cause, a
// *stratum.FieldError, names the member.
func ParseRequest(line []byte) (Request, error) {
	m, err := stratum.ParseMessage(line, stratum.DefaultLimits())
	if err != nil {
		return nil, refuse(m.ID, err)
	}
	if m.Method == "" {
		return nil, refuse(m.ID, stratum.MissingField("method"))
	}
	var req Request
	switch m.Method {
	case MethodSubmit:
		req, err = parseSubmit(&m)
	case MethodLogin:
		req, err = parseLogin(&m)
	case MethodKeepalived, methodKeepalive:
		var rpcID string
		rpcID, err = stratum.OptionalText(m.Params.Field("id"), "id")
		req = &Keepalived{m.ID, rpcID}
	case MethodGetJob:
		var rpcID string
		rpcID, err = stratum.OptionalText(m.Params.Field("id"), "id")
		req = &GetJob{m.ID, rpcID}
	default:
		req = &Unknown{m.ID, m.Method}
	}
	if err != nil {
		return nil, refuse(m.ID, err)
	}
	return req, nil
}

// refuse turns the reason why a line cannot be served into what to answer.
func refuse(id stratum.ID, cause error) *stratum.Error {
	e := &stratum.Error{ID: id, Code: CodeError, Message: cause.Error(), Reply: true, Cause: cause}
	var field *stratum.FieldError
	if !errors.As(cause, &field) {
		e.Message, e.Disconnect = TextInvalidJSON, true
		return e
	}
	switch field.Field {
	case "nonce":
		e.Message = TextMalformedNonce + ": " + cause.Error()
	case "result":
		e.Message = TextMalformedResult + ": " + cause.Error()
	case "login":
		e.Message = TextMissingLogin + ": " + cause.Error()
	}
	return e
}

func parseLogin(m *stratum.Message) (*Login, error) {
	r := &Login{ID: m.ID}
	for _, f := range []struct {
		name string
		dst  *string
	}{{"login", &r.Login}, {"pass", &r.Pass}, {"agent", &r.Agent}, {"rigid", &r.RigID}, {"mode", &r.Mode}} {
		var err error
		if *f.dst, err = stratum.OptionalText(m.Params.Field(f.name), f.name); err != nil {
			return nil, err
		}
	}
	if r.Login == "" {
		return nil, stratum.MissingField("login")
	}
	var err error
	r.Algos, err = textList(m.Params.Field("algo"), "algo")
	return r, err
}

func parseSubmit(m *stratum.Message) (*Submit, error) {
	r := &Submit{ID: m.ID}
	var rpcID, jobID, nonce, result, algo stratum.Value
	for key, v := range m.Params.Members() {
		switch string(key) {
		case "id":
			rpcID = v
		case "job_id":
			jobID = v
		case "nonce":
			nonce = v
		case "result":
			result = v
		case "algo":
			algo = v
		}
	}
	var err error
	if r.RPCID, err = stratum.OptionalText(rpcID, "id"); err != nil {
		return nil, err
	}
	if r.JobID, err = stratum.RequiredText(jobID, "job_id"); err != nil {
		return nil, err
	}
	if err = stratum.FixedHex(nonce, "nonce", r.Nonce[:]); err != nil {
		return nil, err
	}
	if err = stratum.FixedHex(result, "result", r.Result[:]); err != nil {
		return nil, err
	}
	r.Algo, err = stratum.OptionalText(algo, "algo")
	return r, err
}
