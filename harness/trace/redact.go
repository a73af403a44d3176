package trace

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// RedactionPolicy is the number of the rules below, as written to the header.
const RedactionPolicy = 1

const (
	// minInValue is the shortest secret, in bytes, that is looked for outside
	// the field it was sent in: as a whole word, in text that no judge needs.
	// Shorter ones, such as the password "x", reveal nothing.
	minInValue = 4
	// minAnywhere is the shortest that is looked for in every byte.
	minAnywhere = 12
	// maxScanned bounds how many secrets each line is searched for, and
	// maxNamed how many get a number of their own.
	maxScanned = 4096
	maxNamed   = 1 << 20
)

// addressNet catches what looks like a wallet address wherever it stands:
// bech32 CKB addresses, and long base58 runs (CryptoNote addresses).
var addressNet = regexp.MustCompile(`(?i:\b(?:ckb|ckt)1[02-9ac-hj-np-z]{38,}\b)|[1-9A-HJ-NP-Za-km-z]{90,}`)

// hexRun tells job data from a base58 address.
var hexRun = regexp.MustCompile(`^[0-9a-f]+$|^[0-9A-F]+$`)

// Redactor replaces secrets by placeholders such as ${addr:1}. One value has
// one placeholder within a file; numbers follow first appearance and so say
// nothing across files. It is used by one goroutine.
type Redactor struct {
	names  map[string]string // secret -> placeholder
	counts map[string]int    // kind -> placeholders handed out
	order  []string          // secrets worth scanning for, longest first
	given  map[string]bool   // those replaced everywhere, however short
	pieces map[stream]bool   // lines that came in more than one record
}

// stream is one direction of one connection.
type stream struct {
	conn uint64
	code Code
}

// NewRedactor returns a redactor that replaces the given texts wherever they
// occur, as well as what it learns.
func NewRedactor(texts ...string) *Redactor {
	r := &Redactor{names: map[string]string{}, counts: map[string]int{},
		pieces: map[stream]bool{}, given: map[string]bool{}}
	for _, text := range texts {
		if text != "" && !r.given[text] {
			r.given[text] = true
			r.enlist(text)
			r.learn("secret", text)
		}
	}
	return r
}

// enlist adds a secret to those that lines are searched for.
func (r *Redactor) enlist(secret string) {
	at := sort.Search(len(r.order), func(i int) bool { return len(r.order[i]) < len(secret) })
	r.order = slices.Insert(r.order, at, secret)
}

// learn gives a secret its placeholder.
func (r *Redactor) learn(kind, secret string) string {
	if name, known := r.names[secret]; known {
		return name
	}
	if len(r.names) >= maxNamed {
		return fmt.Sprintf("${%s:many}", kind)
	}
	r.counts[kind]++
	name := fmt.Sprintf("${%s:%d}", kind, r.counts[kind])
	r.names[secret] = name
	if len(secret) >= minInValue && len(r.order) < maxScanned && !r.given[secret] &&
		!vocabulary[strings.ToLower(secret)] {
		r.enlist(secret)
	}
	return name
}

// Event redacts an event in place.
func (r *Redactor) Event(ev *Event) {
	switch ev.Code {
	case CodeOpen:
		r.open(ev)
	case CodeClose:
		delete(r.pieces, stream{ev.Conn, CodeToPool})
		delete(r.pieces, stream{ev.Conn, CodeToMiner})
		ev.Close.Err = r.text(ev.Close.Err)
	case CodeMarker:
		for k, v := range ev.Marker {
			if s, ok := v.(string); ok {
				ev.Marker[k] = r.text(s)
			}
		}
	case CodeToPool, CodeToMiner:
		r.data(ev)
	}
}

// open hides who connected and remembers the address, which pools like to
// echo in "your IP is banned".
func (r *Redactor) open(ev *Event) {
	for _, address := range []string{ev.Open.Peer, ev.Open.Via} {
		host, _, err := net.SplitHostPort(address)
		if ip := net.ParseIP(host); err == nil && ip != nil && !ip.IsLoopback() {
			r.learn("ip", host)
		}
	}
	ev.Open = &OpenInfo{Peer: fmt.Sprintf("c%d", ev.Conn), ProxyProto: ev.Open.ProxyProto, TLS: ev.Open.TLS}
}

// data redacts one line of wire bytes. A line that is not JSON cannot be
// searched for fields: from a miner it is withheld as a whole.
func (r *Redactor) data(ev *Event) {
	strs, isJSON := scanStrings(ev.Data)
	if r.inPieces(ev) || !isJSON && ev.Code == CodeToPool && len(bytes.TrimSpace(ev.Data)) > 0 {
		r.withhold(ev)
		return
	}
	out := ev.Data
	if isJSON {
		out = r.json(ev.Data, strs, ev.Code == CodeToPool)
		out = r.known(out, minAnywhere)
	} else {
		out = r.known(out, minInValue)
	}
	out = addressNet.ReplaceAllFunc(out, r.address)
	if !bytes.Equal(out, ev.Data) {
		r.replace(ev, out)
	}
}

// inPieces reports whether the record is only a piece of its line.
func (r *Redactor) inPieces(ev *Event) bool {
	s := stream{ev.Conn, ev.Code}
	piece := r.pieces[s]
	if ev.Line != nil && ev.Line.More {
		r.pieces[s] = true
		return true
	}
	delete(r.pieces, s)
	return piece
}

// withhold drops bytes that cannot be redacted.
func (r *Redactor) withhold(ev *Event) {
	if ev.Data != nil {
		ev.Withheld = int64(len(ev.Data))
	}
	r.replace(ev, nil)
}

// replace sets new bytes and the flag that says so.
func (r *Redactor) replace(ev *Event, data []byte) {
	info := LineInfo{}
	if ev.Line != nil {
		info = *ev.Line
	}
	info.Redacted = true
	ev.Data, ev.Line = data, &info
}

// json rewrites the string values of a line and leaves every other byte.
func (r *Redactor) json(line []byte, strs []jsonString, fromMiner bool) []byte {
	var edits []edit
	method := valueAt(strs, "method")
	if fromMiner {
		edits = r.secretFields(method, strs)
	}
	for i, s := range strs {
		if s.key || edited(edits, i) {
			continue
		}
		least := minInValue
		if protocolField(method, s.path) {
			least = minAnywhere // job ids and hashes must survive
		}
		clean := r.knownText(s.value, least)
		if clean = addressNet.ReplaceAllStringFunc(clean, r.addressText); clean != s.value {
			edits = append(edits, edit{i, clean})
		}
	}
	return applyEdits(line, strs, edits)
}

// known replaces every known secret of at least the given length, in any case.
func (r *Redactor) known(line []byte, least int) []byte {
	if !utf8.Valid(line) {
		return r.knownBytes(line, least)
	}
	return []byte(r.knownText(string(line), least))
}

// knownBytes is known for bytes that are not text: exact matches only.
func (r *Redactor) knownBytes(line []byte, least int) []byte {
	for _, secret := range r.order {
		if len(secret) >= least || r.given[secret] {
			line = bytes.ReplaceAll(line, []byte(secret), []byte(r.names[secret]))
		}
	}
	return line
}

func (r *Redactor) knownText(text string, least int) string {
	for _, secret := range r.order {
		given := r.given[secret]
		if len(secret) >= least || given {
			text = replaceFold(text, secret, r.names[secret], len(secret) < minAnywhere && !given)
		}
	}
	return text
}

// text redacts free text such as an error message.
func (r *Redactor) text(s string) string {
	return addressNet.ReplaceAllStringFunc(r.knownText(s, minInValue), r.addressText)
}

func (r *Redactor) address(match []byte) []byte {
	return []byte(r.addressText(string(match)))
}

// addressText names what the address net caught, unless it is plain hex.
func (r *Redactor) addressText(match string) string {
	if hexRun.MatchString(match) {
		return match
	}
	return r.learn("addr", match)
}

// replaceFold replaces old in text whatever the case of its ASCII letters, as
// a whole word only when asked.
func replaceFold(text, old, with string, word bool) string {
	lower, want := asciiLower(text), asciiLower(old)
	var out strings.Builder
	for from, at := 0, 0; ; {
		i := strings.Index(lower[at:], want)
		if i < 0 {
			return out.String() + text[from:]
		}
		start, end := at+i, at+i+len(old)
		at = end
		if word && (start > 0 && isWord(text[start-1]) || end < len(text) && isWord(text[end])) {
			at = start + 1
			continue
		}
		out.WriteString(text[from:start])
		out.WriteString(with)
		from = end
	}
}

// asciiLower lowers A to Z and keeps every other byte, so that positions stay.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}
