package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/reward"
)

// Addresses of the three Monero networks made for these tests by nobody in
// particular; mainnet's is the donation address of the Monero project.
const (
	mainnetAddress = "44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VBBEt7f2wfn3RVGQBEP3A"
	subaddress     = "888tNkZrPN6JsEgekjMnABU4TBzc2Dt29EPAvkRxbANsAnjyPbb3iQ1YBRk1UXcdRsiKc9dhwMVgN5S9cQUiyoogDavup3H"
)

const good = `
[[coin]]
name = "xmr"
kind = "cryptonote"
algorithm = "cryptonight/r"
network = "mainnet"
node = "http://127.0.0.1:18081"
address = "` + mainnetAddress + `"
poll = "250ms"

[[coin]]
name = "nervos"
kind = "ckb"
network = "dev"
node = "http://127.0.0.1:8114"

[[port]]
listen = "127.0.0.1:3333"
coin = "xmr"
start = 5000
min = 1000
max = 100000
interval = "30s"

[[port]]
listen = "[::1]:3334"
coin = "nervos"
fixed = 70000

[limits]
max_line = 2048

[log]
format = "json"
`

func TestParseGood(t *testing.T) {
	c, err := Parse("pool.toml", good)
	require.NoError(t, err)
	require.Len(t, c.Coins, 2)
	require.Equal(t, Coin{Name: "xmr", Kind: CryptoNote, Algorithm: "cn/r", Network: "mainnet", Node: "http://127.0.0.1:18081",
		Address: mainnetAddress, Poll: 250 * time.Millisecond, Refresh: 20 * time.Second, StaleGrace: 5 * time.Second}, c.Coins[0])
	require.Equal(t, "eaglesong", c.Coins[1].Algorithm)
	require.Equal(t, time.Second, c.Coins[1].StaleGrace)
	require.Equal(t, Port{Listen: "127.0.0.1:3333", Coin: "xmr", Start: 5000, Min: 1000, Max: 100000, Interval: 30 * time.Second, Window: 30, Scheme: reward.PPLNS, TLSMode: TLSBoth}, c.Ports[0])
	require.EqualValues(t, 70000, c.Ports[1].Fixed)
	require.Equal(t, 2048, c.Limits.MaxLine)
	require.Equal(t, Default().Limits.IdleTimeout, c.Limits.IdleTimeout)
	require.Equal(t, Log{Level: "info", Format: "json"}, c.Log)
	require.NoError(t, c.Check())
}

// One broken line in an otherwise good file gives one mistake, on that line.
func TestMistakesAreExplainedByLine(t *testing.T) {
	for _, tc := range []struct{ name, was, is, want string }{
		{"unknown key", `poll = "250ms"`, `pol = "250ms"`, `[[coin]] has no key "pol"; did you mean "poll"?`},
		{"unknown key, far off", `poll = "250ms"`, `colour = 3`, `[[coin]] has no key "colour"`},
		{"wrong type", `start = 5000`, `start = "5000"`, `start must be a whole number, not "5000"`},
		{"float", `start = 5000`, `start = 5e3`, `start must be a whole number, not the number 5000`},
		{"text wanted", `coin = "xmr"`, `coin = 3`, `coin must be text in quotes, not the number 3`},
		{"duration", `poll = "250ms"`, `poll = "fast"`, `poll must be a duration`},
		{"duration as number", `poll = "250ms"`, `poll = 5`, `poll must be a duration`},
		{"duration too short", `poll = "250ms"`, `poll = "1ms"`, `poll is 1ms, less than 10ms`},
		{"negative", `min = 1000`, `min = -1`, `min is -1, less than 1`},
		{"out of range", `max_line = 2048`, `max_line = 100000`, `max_line is 100000, more than 65535`},
		{"start below min", `start = 5000`, `start = 10`, `start 10 is less than min 1000`},
		{"max below min", `max = 100000`, `max = 10`, `max 10 is less than min 1000`},
		{"unknown algorithm", `"cryptonight/r"`, `"cn/q"`, `algorithm: `},
		{"foreign algorithm", `"cryptonight/r"`, `"eaglesong"`, `algorithm eaglesong does not belong to a coin of kind "cryptonote"`},
		{"unknown kind", `kind = "ckb"`, `kind = "bitcoin"`, `kind is "bitcoin"; it may be cryptonote, ckb`},
		{"port used twice", `listen = "[::1]:3334"`, `listen = "0.0.0.0:3333"`, `listen 0.0.0.0:3333: port 3333 is used twice`},
		{"listen without port", `"[::1]:3334"`, `"localhost"`, `it must be host:port`},
		{"listen with odd port", `"[::1]:3334"`, `"localhost:http"`, `"http" is not a port number`},
		{"no such coin", `coin = "nervos"`, `coin = "nervoz"`, `there is no coin named "nervoz"; did you mean "nervos"?`},
		{"coin twice", `name = "nervos"`, `name = "xmr"`, `name "xmr" is taken by another coin`},
		{"node", `"http://127.0.0.1:18081"`, `"127.0.0.1:18081"`, `is not a URL such as`},
		{"wrong network", `network = "mainnet"`, `network = "testnet"`, `this is a Monero mainnet standard address`},
		{"unknown network", `network = "mainnet"`, `network = "moonnet"`, `network "moonnet" is not known; it may be mainnet, testnet, stagenet`},
		{"mistyped address", mainnetAddress, strings.Replace(mainnetAddress, "BoZ4", "BoZ5", 1), `address: `},
		{"subaddress", mainnetAddress, subaddress, `blocks can be mined only to a standard address`},
		{"empty", `name = "nervos"`, `name = " "`, `name is empty: fill it in`},
		{"table once", `[log]`, `[[log]]`, `[log]`},
		{"table name", `[log]`, `[lug]`, `there is no table or key "lug" here; did you mean "log"?`},
		{"syntax", `start = 5000`, `start = = 5000`, ``},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.Equal(t, 1, strings.Count(good, tc.was+"\n")+strings.Count(good, tc.was+`"`), "the case must change one place")
			text := strings.Replace(good, tc.was, tc.is, 1)
			_, err := Parse("pool.toml", text)
			var bad *Error
			require.ErrorAs(t, err, &bad)
			line := 1 + strings.Count(text[:strings.Index(good, tc.was)], "\n")
			found := false
			for _, p := range bad.Problems {
				found = found || strings.Contains(p.Text, tc.want) && atLine(p.Line, line, tc.name)
			}
			require.True(t, found, "want %q on line %d, got:\n%v", tc.want, line, err)
			require.Contains(t, err.Error(), "pool.toml:")
		})
	}
}

// atLine allows a mistake about an address to be shown at the address, when
// the network was changed.
func atLine(got, want int, name string) bool {
	return got == want || name == "wrong network" && got == want+2
}

func TestAllMistakesAtOnce(t *testing.T) {
	text := strings.NewReplacer(`start = 5000`, `start = "many"`, `format = "json"`, `format = "xml"`, `poll = "250ms"`, `puls = 1`).Replace(good)
	_, err := Parse("f", text)
	var bad *Error
	require.ErrorAs(t, err, &bad)
	require.Len(t, bad.Problems, 3)
	require.IsIncreasing(t, []int{bad.Problems[0].Line, bad.Problems[1].Line, bad.Problems[2].Line})
}

func TestMissingKeysAndTables(t *testing.T) {
	_, err := Parse("f", "")
	require.ErrorContains(t, err, "there is no [[coin]]")
	require.ErrorContains(t, err, "there is no [[port]]")
	_, err = Parse("f", "[[coin]]\n[[port]]\n")
	for _, want := range []string{
		"f:1: [[coin]] lacks kind", "f:1: [[coin]] lacks name", "f:1: [[coin]] lacks algorithm",
		"f:1: [[coin]] lacks node", "f:1: [[coin]] lacks address", "f:2: [[port]] lacks listen", "f:2: [[port]] lacks coin",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = Parse("f", "coin = 3\n[[ledger]]\n")
	require.ErrorContains(t, err, "f:1: coin is written with two brackets: [[coin]]")
	require.ErrorContains(t, err, "f:2: ledger is a table, written with one bracket: [ledger]")
}

func TestSeparators(t *testing.T) {
	_, err := Parse("f", good+"[login]\nworker_separator = \"+\"\n")
	require.ErrorContains(t, err, "are both")
	_, err = Parse("f", good+"[login]\nworker_separator = \"a\"\n")
	require.ErrorContains(t, err, "must be one of")
}

// The sample needs an address and nothing else.
func TestTermsAndUnlocking(t *testing.T) {
	read := func(old, now string) (Config, error) {
		return Parse("f", strings.Replace(good, old, now, 1)+"[unlock]\nconfirmations = 7\ninterval = \"2s\"\npplns_window = 0.5\n")
	}
	c, err := read("start = 5000", "start = 5000\nscheme = \"solo\"\nfee = 1.25")
	require.NoError(t, err)
	require.Equal(t, reward.SOLO, c.Ports[0].Scheme)
	require.Equal(t, 125, c.Ports[0].Fee)
	require.Equal(t, Unlock{Confirmations: 7, Interval: 2 * time.Second, Window: 50}, c.Unlock)
	require.Equal(t, uint64(7), c.Unlock.ConfirmationsOf(CKB))
	require.Equal(t, uint64(24), Default().Unlock.ConfirmationsOf(CKB))
	require.Equal(t, uint64(60), Default().Unlock.ConfirmationsOf(CryptoNote))
	for value, want := range map[string]string{
		`fee = 100.01`: "more than 100", `fee = -0.5`: "less than 0", `fee = 0.001`: "two decimals", `fee = nan`: "two decimals",
		`fee = inf`: "two decimals", `fee = "1%"`: "must be a number", `scheme = "score"`: "it may be pplns, prop, solo, pps",
	} {
		_, err := read("start = 5000", "start = 5000\n"+value)
		require.ErrorContains(t, err, want, value)
	}
	c.Ports[0].Fee, c.Unlock.Interval = -1, 0
	require.ErrorContains(t, c.Check(), "fee must be")
	require.ErrorContains(t, c.Check(), "pplns_window must be")
}

func TestSample(t *testing.T) {
	_, err := Parse("pool.toml", Sample())
	var bad *Error
	require.ErrorAs(t, err, &bad)
	require.Len(t, bad.Problems, 1)
	require.Equal(t, "address is empty: fill it in", bad.Problems[0].Text)
	require.Contains(t, strings.Split(Sample(), "\n")[bad.Problems[0].Line-1], "FILL IN")

	filled := strings.Replace(Sample(), `address = ""`, `address = "`+mainnetAddress+`"`, 1)
	filled = strings.Replace(filled, `network = "testnet"`, `network = "mainnet"`, 1)
	c, err := Parse("pool.toml", filled)
	require.NoError(t, err)

	// What is commented out are the defaults.
	uncommented := filled
	for _, line := range strings.Split(filled, "\n") {
		if key, value, ok := strings.Cut(strings.TrimPrefix(line, "# "), " = "); ok && strings.HasPrefix(line, "# ") &&
			!strings.Contains(key, " ") && key != "threads" && !inNervosExample(filled, line) {
			uncommented = strings.Replace(uncommented, line, fmt.Sprintf("%s = %s", key, value), 1)
		}
	}
	require.NotEqual(t, filled, uncommented)
	same, err := Parse("pool.toml", uncommented)
	require.NoError(t, err)
	require.Equal(t, c, same)
}

func inNervosExample(text, line string) bool {
	at := strings.Index(text, "A Nervos CKB coin")
	end := strings.Index(text, "--- ports")
	i := strings.Index(text[at:end], line)
	return i >= 0 && !strings.Contains(text[:at], line)
}

func TestLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pool.toml")
	_, err := Load(file)
	require.ErrorContains(t, err, "reading the configuration")
	require.NoError(t, os.WriteFile(file, []byte(good), 0o600))
	_, err = Load(file)
	require.NoError(t, err)
}

func TestCheckOfAConfigurationBuiltInCode(t *testing.T) {
	c, err := Parse("f", good)
	require.NoError(t, err)
	c.Coins[0].Poll = 0
	c.Limits = Limits{}
	err = c.Check()
	require.ErrorContains(t, err, "poll and refresh must be above 0")
	require.ErrorContains(t, err, "in_flight must be above 0")
}

func TestNearest(t *testing.T) {
	require.Equal(t, "listen", nearest("lisen", []string{"coin", "listen"}))
	require.Equal(t, "coin", nearest("Coin", []string{"coin", "listen"}))
	require.Empty(t, nearest("zzzzzz", []string{"coin", "listen"}))
	require.Equal(t, 3, editDistance("kitten", "sitting"))
}

func FuzzParse(f *testing.F) {
	f.Add(good)
	f.Add(Sample())
	f.Add("[[coin]]\n[[port]]\n[ledger]\npath = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("f", text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.NotEmpty(t, c.Coins)
		require.NotEmpty(t, c.Ports)
	})
}
