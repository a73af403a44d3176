package ledger

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aditmine/adit/pool/ledger/pgtest"
)

// postgres is the server of this package's tests.
var postgres pgtest.Server

func TestMain(m *testing.M) {
	code := m.Run()
	postgres.Close()
	os.Exit(code)
}

// placer gives the address of a ledger that does not exist yet.
type placer func(t *testing.T) string

func inSQLite(t *testing.T) string { return filepath.Join(t.TempDir(), "l.db") }

func inPostgres(t *testing.T) string { return postgres.Database(t) }

// onEachStore runs a test on SQLite and on PostgreSQL.
func onEachStore(t *testing.T, test func(t *testing.T, place placer)) {
	t.Run("sqlite", func(t *testing.T) { test(t, inSQLite) })
	t.Run("postgres", func(t *testing.T) { test(t, inPostgres) })
}
