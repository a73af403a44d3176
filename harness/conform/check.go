package conform

import (
	"fmt"
	"slices"
	"strings"
)

// Level says how binding a check is.
type Level string

// The levels, in RFC 2119's words. Info only records what a pool does.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
	Info   Level = "INFO"
)

// ParseLevel reads a level in any case.
func ParseLevel(s string) (Level, error) {
	l := Level(strings.ToUpper(s))
	if slices.Contains(levels(), l) {
		return l, nil
	}
	return "", fmt.Errorf("unknown level %q: give must, should, may or info", s)
}

// levels is from the most binding to the least.
func levels() []Level { return []Level{Must, Should, May, Info} }

// Basis says why a check demands what it does: neither dialect has a normative
// specification.
type Basis string

// The bases.
const (
	Written Basis = "W" // the protocol's own documents
	DeFacto Basis = "D" // what deployed pools and miners rely on
	Safety  Basis = "S" // without it somebody loses money or the service
)

// Profile is a stratum dialect.
type Profile string

// The profiles. Both marks checks that are the same in either dialect.
const (
	CN   Profile = "cn"
	CKB  Profile = "ckb"
	Both Profile = "both"
)

// Capability is something beyond a stratum connection that a check needs.
type Capability string

// The capabilities. NeedNode is there when the engine was given a Node,
// NeedControl and NeedLedger when it was given those; NeedTLS, NeedProxy and
// NeedDeclared come from what the pool declares. Every engine can make a load
// and wait for a while; long spans and probes are not offered, and checks that
// need them are not implemented.
const (
	NeedNode     Capability = "node"     // steers the node behind the pool
	NeedTLS      Capability = "tls"      // a TLS port
	NeedProxy    Capability = "proxy"    // a port that requires PROXY headers
	NeedLedger   Capability = "ledger"   // reads what the pool credited
	NeedControl  Capability = "control"  // starts, stops and configures the pool
	NeedDeclared Capability = "declared" // what the operator says of the pool
	NeedClock    Capability = "clock"    // moves the pool's clock
	NeedProbe    Capability = "probe"    // memory, CPU and descriptors of the pool
	NeedOperator Capability = "operator" // the pool's log, pages, counters and ports
	NeedLoad     Capability = "load"     // many connections or requests at once
	NeedWait     Capability = "wait"     // half a minute of waiting
)

// Check is one entry of the catalogue.
type Check struct {
	ID          string       `json:"id"`
	Level       Level        `json:"level"`
	Basis       Basis        `json:"basis"`
	Profile     Profile      `json:"profile"`
	Requirement string       `json:"requirement"`
	Observed    string       `json:"observed"`
	Needs       []Capability `json:"needs,omitempty"`
	Symptoms    []string     `json:"symptoms,omitempty"`
	Tags        []string     `json:"tags,omitempty"`
	Implemented bool         `json:"implemented"`
	// Statistical says that the verdict rests on a sample. Such a check is skipped
	// unless it is selected by its id or by the tag "statistical". Intervals is
	// how many share intervals a round of it takes, where it waits for them.
	Statistical bool `json:"statistical,omitempty"`
	Intervals   int  `json:"share_intervals,omitempty"`

	// named says that it was selected so.
	named bool

	run func(*Env) error
}

// For reports whether the check applies to a profile.
func (c *Check) For(p Profile) bool { return c.Profile == Both || c.Profile == p }

// Section is the part of the id before its number, such as "CN-SUB".
func (c *Check) Section() string { return section(c.ID) }

func section(id string) string { return id[:strings.LastIndexByte(id, '-')] }

// NeedsNode reports whether the check steers the node behind the pool.
func (c *Check) NeedsNode() bool { return slices.Contains(c.Needs, NeedNode) }

// Alone reports whether the check must not run beside others: it moves the
// chain or the pool under them, or crowds them out.
func (c *Check) Alone() bool { return len(c.Needs) > 0 }

// Catalogue returns every check in order. The slice is the caller's.
func Catalogue() []Check {
	all := slices.Concat(catalogueCN(), catalogueCKB(), catalogueOperation())
	bodies, smoke, statistical := runs(), smokeIDs(), spans()
	for i := range all {
		c := &all[i]
		c.run = bodies[c.ID]
		c.Implemented = c.run != nil
		if slices.Contains(smoke, c.ID) {
			c.Tags = append(c.Tags, "smoke")
		}
		if c.Intervals, c.Statistical = statistical[c.ID]; c.Statistical {
			c.Tags = append(c.Tags, tagStatistical)
		}
	}
	return all
}

// def makes an entry of the catalogue; needs and symptoms are blank-separated.
func def(id string, level Level, basis Basis, needs, symptoms, requirement, observed string) Check {
	c := Check{ID: id, Level: level, Basis: basis, Profile: Both, Requirement: requirement, Observed: observed,
		Symptoms: strings.Fields(symptoms)}
	for _, need := range strings.Fields(needs) {
		c.Needs = append(c.Needs, Capability(need))
	}
	switch {
	case strings.HasPrefix(id, "CN-"):
		c.Profile = CN
	case strings.HasPrefix(id, "CKB-"):
		c.Profile = CKB
	}
	return c
}

// Symptom is a complaint of miners or operators that leads to checks.
type Symptom struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// Symptoms returns the complaints that checks are tagged with.
func Symptoms() []Symptom {
	return []Symptom{
		{"login-fails", "miners cannot log in, or get no work"},
		{"miner-confused", "miners report protocol errors or ignore messages"},
		{"disconnects", "miners are disconnected for no reason they know"},
		{"rejects-after-retarget", "shares are rejected after a difficulty change"},
		{"rejects-after-block", "shares are rejected after a new block"},
		{"good-shares-rejected", "valid shares are rejected"},
		{"share-theft", "work is paid twice, or was never done"},
		{"duplicate-work", "miners do the same work twice"},
		{"late-jobs", "new work arrives late"},
		{"blocks-lost", "found blocks do not reach the chain"},
		{"vardiff", "the difficulty is wrong, slow or restless"},
		{"wrong-hashrate", "the pool shows another hashrate than the miner"},
		{"wrong-credit", "credit and work differ"},
		{"crash", "the pool crashes, hangs or grows without bound"},
		{"bans", "honest miners are banned, or attackers are not"},
		{"overload", "one client makes the others suffer"},
		{"restart", "shares are lost or doubled over a restart"},
		{"exposure", "the pool gives away or takes what it should not"},
	}
}
