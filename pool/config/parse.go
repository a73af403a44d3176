package config

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/aditmine/adit/pool/reward"
)

// Load reads and checks a configuration file. What is wrong with its contents
// comes back as an *Error with all mistakes found, not only the first.
func Load(file string) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("reading the configuration: %w", err)
	}
	return Parse(file, string(text))
}

// Parse reads and checks a configuration; file is what mistakes are reported
// under.
func Parse(file, text string) (Config, error) {
	var root map[string]any
	if _, err := toml.Decode(text, &root); err != nil {
		return Config{}, syntaxError(file, err)
	}
	p := &problems{lines: indexLines(text)}
	c := readRoot(p, root)
	c.check(p)
	return c, p.err(file)
}

func syntaxError(file string, err error) error {
	var parse toml.ParseError
	if !errors.As(err, &parse) {
		return fmt.Errorf("%s: %w", file, err)
	}
	text := strings.TrimSuffix(parse.Message, ".")
	if parse.Usage != "" && text == "" {
		text = parse.Usage
	}
	return &Error{File: file, Problems: []Problem{{parse.Position.Line, text}}}
}

// tables are the file's top-level tables.
var tableNames = []string{"coin", "port", "ledger", "verify", "limits", "login", "tls", "bans", "api", "unlock", "payout", "log"}

func readRoot(p *problems, root map[string]any) Config {
	c := Default()
	for _, key := range slices.Sorted(maps.Keys(root)) {
		if !slices.Contains(tableNames, key) {
			p.add(key, "there is no table or key %q here%s", key, hint(key, tableNames))
		}
	}
	for _, s := range elements(p, root, "coin") {
		c.Coins = append(c.Coins, readCoin(s))
	}
	for _, s := range elements(p, root, "port") {
		c.Ports = append(c.Ports, readPort(s))
	}
	for _, s := range elements(p, root, "payout") {
		c.Payouts = append(c.Payouts, readPayout(s))
	}
	for name, read := range map[string]func(*section, *Config){
		"ledger": readLedger, "verify": readVerify, "limits": readLimits, "login": readLogin, "tls": readTLS, "bans": readBans, "api": readAPI, "unlock": readUnlock, "log": readLog,
	} {
		if s := single(p, root, name); s != nil {
			read(s, &c)
			s.close()
		}
	}
	return c
}

// elements returns the tables of an array of tables.
func elements(p *problems, root map[string]any, name string) []*section {
	v, ok := root[name]
	if !ok {
		return nil
	}
	list, ok := v.([]map[string]any)
	if !ok {
		p.add(name, "%s is written with two brackets: [[%s]]", name, name)
		return nil
	}
	var sections []*section
	for i, table := range list {
		sections = append(sections, &section{problems: p, path: fmt.Sprintf("%s[%d]", name, i), table: table})
	}
	return sections
}

// single returns a table that stands alone, nil when it is missing.
func single(p *problems, root map[string]any, name string) *section {
	v, ok := root[name]
	if !ok {
		return nil
	}
	table, ok := v.(map[string]any)
	if !ok {
		p.add(name, "%s is a table, written with one bracket: [%s]", name, name)
		return nil
	}
	return &section{problems: p, path: name, table: table}
}

func readCoin(s *section) Coin {
	kind := string(CryptoNote)
	if _, ok := s.table["kind"]; ok {
		s.oneOf("kind", &kind, string(CryptoNote), string(CKB))
	} else {
		s.known = append(s.known, "kind")
		s.add(s.path, "[[coin]] lacks kind: it is \"cryptonote\" or \"ckb\"")
	}
	c := DefaultCoin(Kind(kind))
	s.need("name", &c.Name)
	if c.Kind == CryptoNote {
		s.need("algorithm", &c.Algorithm)
		s.need("address", &c.Address)
	} else {
		s.text("algorithm", &c.Algorithm)
		s.text("address", &c.Address)
	}
	s.text("network", &c.Network)
	readNodes(s, &c)
	s.text("user", &c.User)
	s.text("password", &c.Password)
	s.duration("poll", &c.Poll, 10*time.Millisecond, time.Minute)
	s.duration("refresh", &c.Refresh, 100*time.Millisecond, time.Hour)
	s.duration("stale_grace", &c.StaleGrace, 0, time.Minute)
	s.close()
	return c
}

func readPort(s *section) Port {
	c := DefaultPort()
	s.need("listen", &c.Listen)
	s.need("coin", &c.Coin)
	s.difficulty("start", &c.Start, 1)
	s.difficulty("min", &c.Min, 1)
	s.difficulty("max", &c.Max, 0)
	s.difficulty("fixed", &c.Fixed, 0)
	s.duration("interval", &c.Interval, 100*time.Millisecond, 10*time.Minute)
	s.count("window", &c.Window, 8, 64)
	scheme := string(c.Scheme)
	s.oneOf("scheme", &scheme, "pplns", "prop", "solo", "pps")
	c.Scheme = reward.Scheme(scheme)
	s.hundredths("fee", &c.Fee, 0, reward.Whole)
	readPortSessions(s, &c)
	s.close()
	return c
}

func readVerify(s *section, c *Config) {
	s.count("threads", &c.Verify.Threads, 1, 1024)
	s.count("queue", &c.Verify.Queue, 1, 1<<20)
}

func readLimits(s *section, c *Config) {
	l := &c.Limits
	s.count("max_line", &l.MaxLine, 1024, 65535)
	s.duration("login_timeout", &l.LoginTimeout, time.Second, time.Hour)
	s.duration("idle_timeout", &l.IdleTimeout, time.Second, 24*time.Hour)
	s.duration("write_timeout", &l.WriteTimeout, time.Second, time.Hour)
	s.count("max_pending", &l.MaxPending, 16<<10, 1<<30)
	s.count("connections", &l.Connections, 1, math.MaxInt32)
	s.count("per_address", &l.PerAddress, 1, math.MaxInt32)
	s.count("malformed", &l.MalformedRows, 1, math.MaxInt32)
	s.count("in_flight", &l.InFlight, 1, 1<<16)
	s.count("logins_per_second", &l.LoginsPerSecond, 0, math.MaxInt32)
}

func readLogin(s *section, c *Config) {
	s.text("worker_separator", &c.Login.WorkerSeparator)
	s.text("difficulty_separator", &c.Login.DifficultySeparator)
}

func readUnlock(s *section, c *Config) {
	s.count("confirmations", &c.Unlock.Confirmations, 0, 10_000)
	s.duration("interval", &c.Unlock.Interval, 10*time.Millisecond, time.Hour)
	s.hundredths("pplns_window", &c.Unlock.Window, 1, 10_000)
}

func readLog(s *section, c *Config) {
	s.oneOf("level", &c.Log.Level, "debug", "info", "warn", "error")
	s.oneOf("format", &c.Log.Format, "text", "json")
}
