package cryptonote

import (
	"errors"

	"github.com/aditmine/adit/stratum"
)

// Methods of notifications.
const (
	MethodJob       = "job"
	MethodReconnect = "client.reconnect"
)

// ServerMessage is what a server sends: *Reply, *JobNotification, *Reconnect
// or *Notification. It keeps no part of the line it was read from.
type ServerMessage interface{ serverMessage() }

// Reply answers a request. Which result to expect follows from the request
// with the same id, so the result is read by the method that fits it.
type Reply struct {
	ID     stratum.ID
	Err    *stratum.ReplyError // nil on success
	Result stratum.Value       // absent or null when there is none
}

// LoginResult is the result of a login.
type LoginResult struct {
	RPCID string // the session id, which later requests repeat
	Job   *Job
	// Extensions are what else the server can do, by the Extension names.
	Extensions []string
	Status     string // "OK"; not to be relied on
}

// JobNotification replaces the job.
type JobNotification struct{ Job *Job }

// Reconnect sends the miner elsewhere. An empty host stands for the present
// one, port 0 for the present port.
type Reconnect struct {
	Host string
	Port uint16
}

// Notification is anything else that has a method.
type Notification struct {
	ID     stratum.ID
	Method string
}

func (*Reply) serverMessage()           {}
func (*JobNotification) serverMessage() {}
func (*Reconnect) serverMessage()       {}
func (*Notification) serverMessage()    {}

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
	case MethodJob:
		j, err := parseJob(m.Params)
		return &JobNotification{j}, err
	case MethodReconnect:
		host, port, err := stratum.HostPort(m.Params)
		return &Reconnect{host, port}, err
	}
	return &Notification{m.ID, m.Method}, nil
}

func parseReply(m *stratum.Message) *Reply {
	return &Reply{ID: m.ID, Err: stratum.ParseReplyError(m.Error, CodeError), Result: m.Result.Clone()}
}

// OK reports success as XMRig sees it: there is no error. Servers differ in
// what they put into the result, but false is a refusal everywhere.
func (r *Reply) OK() bool {
	value, isBool := r.Result.Bool()
	return r.Err == nil && (value || !isBool)
}

// Login reads the result of a login.
func (r *Reply) Login() (*LoginResult, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	if r.Result.Kind() != stratum.Object {
		return nil, &stratum.FieldError{Field: "result", Problem: "must be an object"}
	}
	l := new(LoginResult)
	var err error
	if l.RPCID, err = stratum.RequiredText(r.Result.Field("id"), "id"); err != nil {
		return nil, err
	}
	if l.Job, err = parseJob(r.Result.Field("job")); err != nil {
		return nil, err
	}
	if l.Extensions, err = textList(r.Result.Field("extensions"), "extensions"); err != nil {
		return nil, err
	}
	l.Status, err = stratum.OptionalText(r.Result.Field("status"), "status")
	return l, err
}

// Job reads the result of getjob.
func (r *Reply) Job() (*Job, error) {
	if r.Err != nil {
		return nil, r.Err
	}
	return parseJob(r.Result)
}

// Status reads the status of a result, empty when there is none.
func (r *Reply) Status() string {
	s, _ := r.Result.Field("status").Text()
	return s
}
