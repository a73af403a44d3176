package config

import (
	"net/url"
)

// Ledger says where shares and blocks are kept: in a SQLite file, or in a
// PostgreSQL database.
type Ledger struct {
	// Path is the SQLite file. URL, when it is not empty, is the database that
	// is used instead: postgres://user:password@host:port/database.
	Path, URL string
	// Spool is a folder that takes shares and blocks while the database is
	// away; "" is none. It goes with URL only.
	Spool string
}

// Address is what package ledger opens.
func (l Ledger) Address() string {
	if l.URL != "" {
		return l.URL
	}
	return l.Path
}

// String is the address for people, without a password.
func (l Ledger) String() string {
	if l.URL == "" {
		return l.Path
	}
	if u, err := url.Parse(l.URL); err == nil {
		return u.Redacted()
	}
	return "the database"
}

func readLedger(s *section, c *Config) {
	if _, there := s.table["url"]; !there {
		s.need("path", &c.Ledger.Path)
	} else if _, both := s.table["path"]; both {
		s.text("path", new(string))
		s.fail("path", "and url are both given: the ledger is in one place")
	}
	s.text("url", &c.Ledger.URL)
	s.text("spool", &c.Ledger.Spool)
}

func (l Ledger) check(p *problems) {
	if l.URL == "" {
		if l.Spool != "" {
			p.add("ledger.spool", "spool goes with url only: a file is never away")
		}
		return
	}
	u, err := url.Parse(l.URL)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || len(u.Path) < 2 {
		p.add("ledger.url", "url is not like postgres://user:password@host:5432/database")
	}
}
