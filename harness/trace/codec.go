package trace

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// errNotUTF8 and errDepth are the shape errors of a line.
var (
	errNotUTF8 = errors.New("line is not valid UTF-8")
	errDepth   = fmt.Errorf("nested deeper than %d", MaxDepth)
)

// appendEvent appends the event's line, line feed included.
func appendEvent(dst []byte, ev *Event) ([]byte, error) {
	payload, err := payloadOf(ev)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '[')
	dst = strconv.AppendInt(dst, int64(ev.Time), 10)
	dst = append(dst, `,"`...)
	dst = append(dst, byte(ev.Code))
	dst = append(dst, `",`...)
	dst = strconv.AppendUint(dst, ev.Conn, 10)
	dst = append(dst, ',')
	dst = append(dst, payload...)
	if ev.Line != nil {
		info, err := marshal(ev.Line)
		if err != nil {
			return dst, err
		}
		dst = append(append(dst, ','), info...)
	}
	return append(dst, ']', '\n'), nil
}

// payloadOf encodes the fourth member of an event.
func payloadOf(ev *Event) ([]byte, error) {
	switch ev.Code {
	case CodeToPool, CodeToMiner:
		return dataPayload(ev)
	case CodeOpen:
		return marshal(ev.Open)
	case CodeClose:
		return marshal(ev.Close)
	case CodeHalf:
		return marshal(ev.Half)
	case CodeMarker:
		return marshal(ev.Marker)
	case CodeAnnotation:
		return marshal(ev.Annotation)
	case CodeCheckpoint:
		return marshal(ev.Checkpoint)
	case CodeEnd:
		return marshal(ev.End)
	}
	return nil, fmt.Errorf("event code %q cannot be written", byte(ev.Code))
}

// dataPayload picks the string form for valid UTF-8 and base64 otherwise.
func dataPayload(ev *Event) ([]byte, error) {
	switch {
	case ev.Data == nil && ev.Withheld > 0:
		return marshal(map[string]int64{"len": ev.Withheld})
	case utf8.Valid(ev.Data):
		return marshal(string(ev.Data))
	}
	return marshal(map[string]string{"b64": base64.StdEncoding.EncodeToString(ev.Data)})
}

// marshal is json.Marshal without HTML escapes, which only hurt grep.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// parseEvent reads one event line. known is false for a code of a later minor
// version, whose payload is not looked at.
func parseEvent(line []byte) (ev *Event, known bool, err error) {
	if err := checkShape(line); err != nil {
		return nil, false, err
	}
	if !json.Valid(line) {
		return nil, false, errors.New("not valid JSON")
	}
	parts := firstMembers(line)
	if len(parts) < 4 {
		return nil, false, fmt.Errorf("event has %d members, at least 4 are needed", len(parts))
	}
	ev = new(Event)
	var t int64
	var code string
	if json.Unmarshal(parts[0], &t) != nil || t < 0 || string(parts[0]) == "null" {
		return nil, false, errors.New("time is not an integer of nanoseconds from 0")
	}
	if json.Unmarshal(parts[1], &code) != nil || len(code) == 0 {
		return nil, false, errors.New("event code is not a string")
	}
	if json.Unmarshal(parts[2], &ev.Conn) != nil || string(parts[2]) == "null" {
		return nil, false, errors.New("connection is not an integer from 0")
	}
	ev.Time = time.Duration(t)
	if len(code) > 1 {
		return ev, false, nil
	}
	ev.Code = Code(code[0])
	known, err = ev.setPayload(parts[3])
	if err == nil && known && len(parts) > 4 {
		err = ev.setLine(parts[4])
	}
	return ev, known, err
}

// firstMembers cuts the first five members out of a line that is valid JSON,
// without looking into them: however many there are, a hostile line costs no
// more memory than its own length. It returns nil for anything but an array.
func firstMembers(line []byte) [][]byte {
	line = bytes.TrimSpace(line)
	if line[0] != '[' {
		return nil
	}
	parts := make([][]byte, 0, 5)
	depth, inString, from := 0, false, 1
	for i := 0; i < len(line) && len(parts) < cap(parts); i++ {
		switch c := line[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[', c == '{':
			depth++
		case c == ',' && depth == 1, c == ']' && depth == 1:
			parts = append(parts, bytes.TrimSpace(line[from:i]))
			from = i + 1
			if c == ']' {
				return parts
			}
		case c == ']', c == '}':
			depth--
		}
	}
	return parts
}

// setPayload decodes the fourth member.
func (ev *Event) setPayload(raw []byte) (known bool, err error) {
	switch ev.Code {
	case CodeToPool, CodeToMiner:
		return true, ev.setData(raw)
	case CodeOpen:
		return true, object(raw, &ev.Open)
	case CodeClose:
		return true, object(raw, &ev.Close)
	case CodeHalf:
		return true, object(raw, &ev.Half)
	case CodeMarker:
		return true, small(raw, &ev.Marker)
	case CodeAnnotation:
		return true, object(raw, &ev.Annotation)
	case CodeCheckpoint:
		return true, ev.setCheckpoint(raw)
	case CodeEnd:
		return true, object(raw, &ev.End)
	}
	return false, nil
}

// object decodes raw and refuses null, so that a known code always comes
// with its payload.
func object(raw []byte, to any) error {
	if string(raw) == "null" {
		return errors.New("payload is null")
	}
	if err := json.Unmarshal(raw, to); err != nil {
		return fmt.Errorf("payload: %w", err)
	}
	return nil
}

// small is object for payloads whose decoded form can be many times their
// length.
func small(raw []byte, to any) error {
	if len(raw) > maxFacts {
		return fmt.Errorf("payload of %d bytes, at most %d are allowed here", len(raw), maxFacts)
	}
	return object(raw, to)
}

// setCheckpoint refuses offsets that no file has.
func (ev *Event) setCheckpoint(raw []byte) error {
	if err := object(raw, &ev.Checkpoint); err != nil {
		return err
	}
	if k := ev.Checkpoint.Offset; k < 0 || k > 1<<60 {
		return fmt.Errorf("checkpoint offset %d is impossible", k)
	}
	return nil
}

// setData decodes the three forms of wire bytes.
func (ev *Event) setData(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("payload: %w", err)
		}
		ev.Data = []byte(s)
		return nil
	}
	var form struct {
		B64 *string `json:"b64"`
		Len *int64  `json:"len"`
	}
	if err := object(raw, &form); err != nil {
		return err
	}
	switch {
	case form.B64 != nil:
		data, err := base64.StdEncoding.DecodeString(*form.B64)
		if err != nil {
			return fmt.Errorf("payload: %w", err)
		}
		ev.Data = data
	case form.Len != nil && *form.Len > 0:
		ev.Withheld = *form.Len
	default:
		return errors.New(`payload is neither a string nor {"b64"} nor {"len"}`)
	}
	return nil
}

// setLine decodes the optional fifth member of data events; other events
// have none in version 1.
func (ev *Event) setLine(raw []byte) error {
	if ev.Code != CodeToPool && ev.Code != CodeToMiner || string(raw) == "null" {
		return nil
	}
	return small(raw, &ev.Line)
}

// checkShape bounds what the JSON decoder is asked to do.
func checkShape(line []byte) error {
	if !utf8.Valid(line) {
		return errNotUTF8
	}
	depth, inString := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > MaxDepth {
				return errDepth
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return nil
}
