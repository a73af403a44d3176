package conform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aditmine/adit/stratum"
)

// Message is one line of the pool that is a JSON object. It is read more
// loosely than a miner would, so that one deviation fails one check.
type Message struct {
	Raw    string
	Fields map[string]json.RawMessage

	at time.Time // when it came
}

// ParseMessage reads a line.
func ParseMessage(line []byte) (*Message, error) {
	m := &Message{Raw: string(line)}
	if err := json.Unmarshal(line, &m.Fields); err != nil || m.Fields == nil {
		return nil, fmt.Errorf("not a JSON object: %s", clip(m.Raw))
	}
	return m, nil
}

// ID is the id as JSON, "" when there is none and "null" for null.
func (m *Message) ID() string { return string(bytes.TrimSpace(m.Fields["id"])) }

// Method is the method's name, empty in a reply.
func (m *Message) Method() string { return text(m.Fields["method"]) }

// Null reports whether a member is missing or null.
func (m *Message) Null(name string) bool { return isNull(m.Fields[name]) }

func isNull(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return len(raw) == 0 || string(raw) == "null"
}

// text is a JSON string's value, empty for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// object is a JSON object's members, nil for anything else.
func object(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

// list is a JSON array's elements, nil for anything else.
func list(raw json.RawMessage) []json.RawMessage {
	var l []json.RawMessage
	if json.Unmarshal(raw, &l) != nil {
		return nil
	}
	return l
}

// Outcome is what became of a request.
type Outcome string

// The outcomes.
const (
	Accepted Outcome = "accepted"
	Refused  Outcome = "refused"
	Unclear  Outcome = "unclear" // neither a result nor an error
	Ended    Outcome = "closed"
	Silent   Outcome = "no answer"
)

// Answer is what a request was answered with.
type Answer struct {
	Outcome Outcome
	Code    int
	Text    string   // of the error
	Message *Message // nil without a reply
}

func (a Answer) String() string {
	if a.Message == nil {
		return map[Outcome]string{Ended: "the connection closed", Silent: "no answer in time"}[a.Outcome]
	}
	return fmt.Sprintf("%s: %s", a.Outcome, clip(a.Message.Raw))
}

// newAnswer reads a reply.
func newAnswer(m *Message) Answer {
	a := Answer{Message: m, Outcome: Unclear}
	result := strings.TrimSpace(string(m.Fields["result"]))
	positive := !m.Null("result") && result != "false"
	switch {
	case m.Null("error") && positive:
		a.Outcome = Accepted
	case !m.Null("error"), result == "false": // an error is a refusal, whatever stands beside it
		a.Outcome = Refused
	}
	a.Code, a.Text = errorOf(m.Fields["error"])
	return a
}

// errorOf reads an error in the forms that pools use: an object, a list, or a
// text.
func errorOf(raw json.RawMessage) (int, string) {
	var code int
	if o := object(raw); o != nil {
		_ = json.Unmarshal(o["code"], &code) // 0 will do
		return code, text(o["message"])
	}
	if l := list(raw); len(l) > 1 {
		_ = json.Unmarshal(l[0], &code) // 0 will do
		return code, text(l[1])
	}
	return 0, text(raw)
}

// clip makes wire text fit for a report.
func clip(s string) string {
	const most = 300
	s = strings.TrimRight(s, "\r\n")
	if len(s) > most {
		return stratum.Printable(s[:150]) + fmt.Sprintf(" ... (%d bytes)", len(s))
	}
	if len(s) > 200 {
		return stratum.Printable(s[:200]) + stratum.Printable(s[200:])
	}
	return stratum.Printable(s)
}
