package adapter

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/aditmine/adit/harness/conform"
)

// Version is the version of the format that this package reads.
const Version = 1

// maxFile is the longest file that is read, in bytes.
const maxFile = 1 << 20

// Adapter is a pool as its file describes it.
type Adapter struct {
	Version int    `yaml:"adapter"`
	Name    string `yaml:"name"`
	About   string `yaml:"about"`
	Docs    string `yaml:"docs"` // where what the file says is documented
	// Verified is "run"; "documents" where it was checked against the pool's own
	// and never run; or "unchecked".
	Verified string `yaml:"verified"`

	Profile   conform.Profile   `yaml:"profile"`
	Algorithm string            `yaml:"algorithm"`
	Target    string            `yaml:"target"`
	Node      string            `yaml:"node"` // where the pool expects its node: host:port
	Ports     Ports             `yaml:"ports"`
	Login     Login             `yaml:"login"`
	Declares  Declares          `yaml:"declares"`
	Unclaimed map[string]string `yaml:"unclaimed"` // check id: why

	Files map[string]string `yaml:"files"` // written to the work folder before start
	Start *Command          `yaml:"start"`
	Stop  *Stop             `yaml:"stop"`
	Reset *Command          `yaml:"reset"`
	// Prepare is run after Reset: it makes what is no text, such as a certificate.
	Prepare *Command `yaml:"prepare"`
	Ledger  *Query   `yaml:"ledger"`
	// Operator is what is seen of the pool from its operator's side.
	Operator *Operator `yaml:"operator"`
	Clock    *Command  `yaml:"clock"` // moves the pool's clock by ${SECONDS}
}

// Ports are ports beside the target.
type Ports struct {
	TLS   string `yaml:"tls"`
	Proxy string `yaml:"proxy"`
	Fixed string `yaml:"fixed"`
	// Vardiff is one whose difficulty follows at share_interval.
	Vardiff string `yaml:"vardiff"`
	// API are its HTTP interfaces.
	API []string `yaml:"api"`
}

// Login says how miners log in.
type Login struct {
	User       string `yaml:"user"`
	Foreign    string `yaml:"foreign"`
	Pass       string `yaml:"pass"`
	Worker     string `yaml:"worker_separator"`
	Difficulty string `yaml:"difficulty_separator"`
	// NiceHash is an agent that gets NiceHash mode by its name; Forms are the
	// forms of CKB addresses that are taken: full, short, deprecated.
	NiceHash string   `yaml:"nicehash_agent"`
	Forms    []string `yaml:"address_forms"`
}

// Declares are the pool's settings that checks hold it to.
type Declares struct {
	MinDifficulty uint64        `yaml:"min_difficulty"`
	MaxDifficulty uint64        `yaml:"max_difficulty"`
	LoginTimeout  time.Duration `yaml:"login_timeout"`
	IdleTimeout   time.Duration `yaml:"idle_timeout"`
	Refresh       time.Duration `yaml:"refresh"`
	// ShareInterval is what vardiff aims at, Poll how often the node is asked at
	// the latest, HashrateWindow what the shown hashrate is an average over.
	ShareInterval  time.Duration `yaml:"share_interval"`
	Poll           time.Duration `yaml:"poll"`
	HashrateWindow time.Duration `yaml:"hashrate_window"`
	// BanTime is how long an automatic ban lasts, BanScope whom it holds for:
	// address or login. PerAddress bounds an address's connections.
	BanTime    time.Duration    `yaml:"ban_time"`
	BanScope   conform.BanScope `yaml:"ban_scope"`
	PerAddress int              `yaml:"per_address"`
}

// Command is a program with its arguments; no shell takes part.
type Command struct {
	Run   []string          `yaml:"run"`
	Dir   string            `yaml:"dir"` // default: the work folder
	Env   map[string]string `yaml:"env"`
	Ready time.Duration     `yaml:"ready"` // how long it may take (default 30s)
}

// Stop says how the pool is ended: by a signal to what start ran ("TERM",
// "INT"), or by a command.
type Stop struct {
	Signal  string        `yaml:"signal"`
	Command *Command      `yaml:"command"`
	Wait    time.Duration `yaml:"wait"` // how long it may take (default 30s)
}

// Query reads the ledger: a command prints JSON, or an address is fetched. List
// is the way to the list of accounts, as names between dots; the others are
// members of each of its elements.
type Query struct {
	Command *Command `yaml:"command"`
	URL     string   `yaml:"url"`
	List    string   `yaml:"list"`
	Account string   `yaml:"account"`
	Worker  string   `yaml:"worker"`
	Shares  string   `yaml:"shares"`
	Work    string   `yaml:"work"`
	// Hashrate is what the pool shows, in hashes per second.
	Hashrate string `yaml:"hashrate"`
}

//go:embed files/*.yaml
var files embed.FS

// Names are the adapters that come with the harness.
func Names() []string {
	entries, _ := fs.ReadDir(files, "files") // it is embedded
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Open reads an adapter by its file, or by the name of one that comes with the
// harness.
func Open(nameOrFile string) (*Adapter, error) {
	if slices.Contains(Names(), nameOrFile) {
		text, err := files.ReadFile(path.Join("files", nameOrFile+".yaml"))
		if err != nil {
			return nil, err
		}
		return Parse(text)
	}
	f, err := os.Open(nameOrFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("adapter %s: there is no such file; those that come with adit are %s", nameOrFile, strings.Join(Names(), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the adapter: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading the adapter: %w", err)
	}
	a, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("adapter %s: %w", nameOrFile, err)
	}
	return a, nil
}

// Parse reads an adapter and looks for mistakes in it.
func Parse(text []byte) (*Adapter, error) {
	if len(text) > maxFile {
		return nil, fmt.Errorf("longer than %d bytes", maxFile)
	}
	a := new(Adapter)
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(a); err != nil {
		return nil, err
	}
	return a, a.check()
}

// check finds what the format does not forbid and nothing can be done with.
func (a *Adapter) check() error {
	switch {
	case a.Version != Version:
		return fmt.Errorf("adapter: %d is not a version of the format: this program reads %d", a.Version, Version)
	case a.Name == "":
		return errors.New("name: missing")
	case a.Profile != conform.CN && a.Profile != conform.CKB:
		return fmt.Errorf("profile: give cn or ckb, not %q", a.Profile)
	case a.Verified != "run" && a.Verified != "documents" && a.Verified != "unchecked":
		return fmt.Errorf("verified: give run, documents or unchecked, not %q", a.Verified)
	case a.Start == nil && a.Stop != nil:
		return errors.New("stop: there is nothing to stop without start")
	case a.Stop != nil && (a.Stop.Signal == "") == (a.Stop.Command == nil):
		return errors.New("stop: give either signal or command")
	case a.Stop != nil && a.Stop.Signal != "" && signals()[a.Stop.Signal] == nil:
		return fmt.Errorf("stop: signal %s is not TERM or INT", a.Stop.Signal)
	}
	return errors.Join(a.checkPorts(), a.checkCommands(), a.checkLedger(), a.checkOperator(), a.checkUnclaimed())
}

func (a *Adapter) checkPorts() error {
	for name, port := range map[string]string{"target": a.Target, "node": a.Node, "ports.tls": a.Ports.TLS, "ports.proxy": a.Ports.Proxy, "ports.fixed": a.Ports.Fixed, "ports.vardiff": a.Ports.Vardiff} {
		if port == "" && name != "target" {
			continue
		}
		if _, _, err := net.SplitHostPort(port); err != nil {
			return fmt.Errorf("%s: %q is not host:port", name, port)
		}
	}
	return nil
}

func (a *Adapter) checkCommands() error {
	for name, c := range map[string]*Command{"start": a.Start, "reset": a.Reset, "prepare": a.Prepare, "clock": a.Clock} {
		if c != nil && len(c.Run) == 0 {
			return fmt.Errorf("%s: run is missing", name)
		}
	}
	for name := range a.Files {
		if name != path.Base(name) || name == ".." || name == "." {
			return fmt.Errorf("files: %q is not a plain name", name)
		}
	}
	return nil
}

func (a *Adapter) checkLedger() error {
	q := a.Ledger
	switch {
	case q == nil:
		return nil
	case (q.URL == "") == (q.Command == nil):
		return errors.New("ledger: give either command or url")
	case q.Command != nil && len(q.Command.Run) == 0:
		return errors.New("ledger: run is missing")
	case q.Account == "" || q.Shares == "" && q.Work == "":
		return errors.New("ledger: give account, and shares or work")
	}
	return nil
}

func (a *Adapter) checkOperator() error {
	for _, scope := range []conform.BanScope{"", conform.BanAddress, conform.BanLogin} {
		if a.Declares.BanScope == scope {
			return a.checkUnsafe()
		}
	}
	return fmt.Errorf("declares.ban_scope: give address or login, not %q", a.Declares.BanScope)
}

func (a *Adapter) checkUnsafe() error {
	if a.Operator == nil {
		return nil
	}
	for _, u := range a.Operator.Unsafe {
		if u.Name == "" || len(u.Run) == 0 {
			return errors.New("operator.unsafe: each needs name and run")
		}
	}
	if m := a.Operator.Metrics; m != nil && (m.URL == "" || m.Accepted == "" || m.Rejected == "") {
		return errors.New("operator.metrics: give url, accepted and rejected")
	}
	return nil
}

func (a *Adapter) checkUnclaimed() error {
	all := conform.Catalogue()
	for id, why := range a.Unclaimed {
		if !slices.ContainsFunc(all, func(c conform.Check) bool { return c.ID == id }) {
			return fmt.Errorf("unclaimed: there is no check %s", id)
		}
		if why == "" {
			return fmt.Errorf("unclaimed: %s has no reason", id)
		}
	}
	return nil
}

// Declared is what the adapter says of its pool, as the suite takes it.
func (a *Adapter) Declared() conform.Declared {
	return conform.Declared{
		TLS: a.Ports.TLS, Proxy: a.Ports.Proxy, Fixed: a.Ports.Fixed,
		MinDifficulty: a.Declares.MinDifficulty, MaxDifficulty: a.Declares.MaxDifficulty,
		LoginTimeout: a.Declares.LoginTimeout, IdleTimeout: a.Declares.IdleTimeout, Refresh: a.Declares.Refresh,
		ShareInterval: a.Declares.ShareInterval, Vardiff: a.Ports.Vardiff, Poll: a.Declares.Poll, HashrateWindow: a.Declares.HashrateWindow,
		WorkerSeparator: a.Login.Worker, DifficultySeparator: a.Login.Difficulty, Unclaimed: a.Unclaimed,
		API: a.Ports.API, BanTime: a.Declares.BanTime, BanScope: a.Declares.BanScope, PerAddress: a.Declares.PerAddress,
		NiceHashAgent: a.Login.NiceHash, AddressForms: a.Login.Forms,
	}
}
