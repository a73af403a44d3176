package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Dialects a trace can hold, as Header.Proto names them.
const (
	ProtoCryptoNote = "cn"
	ProtoCKB        = "ckb"
	// ProtoAuto says that the recorder decided per connection; a marker
	// named "proto" tells which.
	ProtoAuto = "auto"
)

// ErrNotTrace is wrapped by errors about a file whose first line is no mtrace
// header.
var ErrNotTrace = errors.New("not an mtrace file")

// VersionError reports a file of a newer major version.
type VersionError struct{ Found int }

// Error says which version was found and which can be read.
func (e *VersionError) Error() string {
	return fmt.Sprintf("trace has format version %d, this program reads up to %d: use a newer adit", e.Found, Version)
}

// Header is the first line of a trace. Unknown keys are ignored.
type Header struct {
	Version int    `json:"mtrace"`
	ID      string `json:"id,omitempty"`   // 128 random bits, hex
	Tool    string `json:"tool,omitempty"` // what wrote it
	Role    string `json:"role,omitempty"` // "proxy", "client" or "server"
	Proto   string `json:"proto,omitempty"`
	Coin    string `json:"coin,omitempty"`
	Algo    string `json:"algo,omitempty"` // used where jobs do not say
	Net     string `json:"net,omitempty"`
	Target  string `json:"target,omitempty"` // the pool under test
	Clock   Clock  `json:"clock"`
	Seed    uint64 `json:"seed,omitempty"`
	// Config holds what the pool declared, such as "share_interval_s".
	Config map[string]any `json:"cfg,omitempty"`
	Redact *Redaction     `json:"redact,omitempty"`
}

// Clock describes the time column. Unit is always "ns".
type Clock struct {
	Unit     string    `json:"unit"`
	BaseWall time.Time `json:"base_wall"` // wall time of t = 0
	Mono     bool      `json:"mono"`
}

// Redaction says which redaction rules were applied while writing.
type Redaction struct {
	Policy   int  `json:"policy"`
	Linkable bool `json:"linkable"`
}

// parseHeader reads the first line of a file.
func parseHeader(line []byte) (*Header, error) {
	trimmed := bytes.TrimSpace(line)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, fmt.Errorf("%w: the first line is not a JSON object", ErrNotTrace)
	}
	if err := checkShape(line); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrNotTrace, err)
	}
	var probe struct {
		Version *int `json:"mtrace"`
	}
	if err := json.Unmarshal(line, &probe); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrNotTrace, err)
	}
	if probe.Version == nil || *probe.Version < 1 {
		return nil, fmt.Errorf(`%w: the first line has no "mtrace" version`, ErrNotTrace)
	}
	if *probe.Version > Version {
		return nil, &VersionError{Found: *probe.Version}
	}
	h := new(Header)
	if err := json.Unmarshal(line, h); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrNotTrace, err)
	}
	return h, nil
}
