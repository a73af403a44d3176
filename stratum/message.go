package stratum

// Message is the JSON-RPC shell around every request, reply and notification
// of both dialects. Its values share memory with the line.
type Message struct {
	ID     ID
	Method string // empty in a reply
	Params Value
	Result Value
	Error  Value
}

// ParseMessage reads the shell of a line. When only the id or the method is
// unusable, the rest is filled in all the same. The error is a *SyntaxError or
// a *FieldError; in the latter case the message's id, if it has a usable one,
// is there to answer to.
func ParseMessage(line []byte, lim Limits) (Message, error) {
	obj, err := Parse(line, lim)
	if err != nil {
		return Message{}, err
	}
	var m Message
	var id, method Value
	for key, v := range obj.Members() {
		switch string(key) {
		case "id":
			id = v
		case "method":
			method = v
		case "params":
			m.Params = v
		case "result":
			m.Result = v
		case "error":
			m.Error = v
		}
	}
	m.ID, err = ParseID(id)
	if !method.Missing() {
		var ok bool
		if m.Method, ok = method.Text(); err == nil && (!ok || m.Method == "") {
			err = &FieldError{Field: "method", Problem: "must be a string that is not empty"}
		}
	}
	return m, err
}

// IsReply reports whether the message answers a request: it names no method.
func (m *Message) IsReply() bool { return m.Method == "" }
