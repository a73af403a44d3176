package diff

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/aditmine/adit/harness/trace"
)

// message is one line as it is compared.
type message struct {
	key    string            // what it is aligned by, such as "reply to submit 3"
	fields map[string]string // path, such as "params.login", to JSON value
}

// stream reads one connection's events into messages.
type stream struct {
	messages []*message
	byKey    map[string]*message
	counts   map[string]int
	asked    map[string][]string // request id to keys of requests, oldest first
	pieces   map[trace.Code][]byte
}

func newStream() *stream {
	return &stream{byKey: map[string]*message{}, counts: map[string]int{},
		asked: map[string][]string{}, pieces: map[trace.Code][]byte{}}
}

// number makes a key unlike those before: "job 1", "job 2".
func (s *stream) number(name string) string {
	s.counts[name]++
	return fmt.Sprintf("%s %d", name, s.counts[name])
}

func (s *stream) add(m *message) {
	s.messages = append(s.messages, m)
	s.byKey[m.key] = m
}

// event takes what belongs to the connection.
func (s *stream) event(ev *trace.Event) {
	switch {
	case ev.Close != nil:
		s.add(&message{key: "end", fields: map[string]string{
			"by": strconv.Quote(ev.Close.By), "how": strconv.Quote(ev.Close.How)}})
	case ev.Code != trace.CodeToPool && ev.Code != trace.CodeToMiner:
	case ev.Data == nil:
		name := "withheld line from the " + sender(ev.Code)
		s.add(&message{key: s.number(name), fields: map[string]string{"bytes": strconv.FormatInt(ev.Withheld, 10)}})
	case ev.Line != nil && ev.Line.More:
		s.pieces[ev.Code] = append(s.pieces[ev.Code], ev.Data...)
	default:
		line := append(s.pieces[ev.Code], ev.Data...)
		delete(s.pieces, ev.Code)
		s.line(ev.Code, line)
	}
}

// sender is who sends in a direction.
func sender(code trace.Code) string {
	if code == trace.CodeToPool {
		return "miner"
	}
	return "pool"
}

// line takes a whole line.
func (s *stream) line(code trace.Code, line []byte) {
	line = bytes.TrimSpace(line)
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	var object map[string]any
	if len(line) == 0 {
		return
	}
	if dec.Decode(&object) != nil || dec.More() || object == nil {
		s.add(&message{key: s.number("text from the " + sender(code)), fields: map[string]string{"text": strconv.Quote(string(line))}})
		return
	}
	key := s.key(code, object)
	delete(object, "id") // what it is about is in the key
	fields := map[string]string{}
	flatten(fields, "", object)
	s.add(&message{key: key, fields: fields})
}

// key aligns a message.
func (s *stream) key(code trace.Code, object map[string]any) string {
	id, _ := json.Marshal(object["id"]) // came out of JSON
	method, isRequest := object["method"].(string)
	switch {
	case isRequest && code == trace.CodeToPool:
		key := s.number(strconv.Quote(method))
		s.asked[string(id)] = append(s.asked[string(id)], key)
		return key
	case isRequest:
		return s.number(strconv.Quote(method) + " from the pool")
	case code == trace.CodeToMiner && len(s.asked[string(id)]) > 0:
		queue := s.asked[string(id)]
		s.asked[string(id)] = queue[1:]
		return "reply to " + queue[0]
	}
	return s.number("reply from the " + sender(code) + " to nothing known")
}

// flatten writes a value's scalars, and its empty lists and objects, under
// their paths.
func flatten(out map[string]string, path string, v any) {
	join := func(name string) string {
		if path == "" {
			return name
		}
		return path + "." + name
	}
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			flatten(out, join(name), member)
		}
		if len(v) == 0 {
			out[path] = "{}"
		}
	case []any:
		for i, element := range v {
			flatten(out, join(strconv.Itoa(i)), element)
		}
		if len(v) == 0 {
			out[path] = "[]"
		}
	default:
		text, _ := json.Marshal(v) // came out of JSON
		out[path] = string(text)
	}
}
