package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLedgerSection(t *testing.T) {
	parse := func(section string) (Config, error) { return Parse("pool.toml", good+"\n[ledger]\n"+section) }
	c, err := parse(`path = "a.db"`)
	require.NoError(t, err)
	require.Equal(t, "a.db", c.Ledger.Address())
	require.Equal(t, "a.db", c.Ledger.String())

	c, err = parse("url = \"postgres://adit:secret@db.example:5432/adit\"\nspool = \"spool\"")
	require.NoError(t, err)
	require.Equal(t, "postgres://adit:secret@db.example:5432/adit", c.Ledger.Address())
	require.Equal(t, "spool", c.Ledger.Spool)
	require.NotContains(t, c.Ledger.String(), "secret")
	require.Contains(t, c.Ledger.String(), "db.example")

	for section, want := range map[string]string{
		"":                                       "[ledger] lacks path",
		"path = \"a\"\nurl = \"postgres://h/d\"": "path and url are both given",
		"path = \"a\"\nspool = \"b\"":            "spool goes with url only",
		`url = "mysql://h/d"`:                    "url is not like",
		`url = "postgres://h"`:                   "url is not like",
		`url = "postgres://adit:secret@h:x/d"`:   "url is not like",
	} {
		_, err := parse(section)
		require.ErrorContains(t, err, want, section)
		require.False(t, strings.Contains(err.Error(), "secret"), "no password in %s", err)
	}
}
