package conform

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/ckb"
)

// defectsCN are the ways to break the CryptoNote server, each with the checks
// that must find it.
func defectsCN() map[string]string {
	return map[string]string{
		"greeting":          "CN-CONN-01",
		"crlf refused":      "CN-CONN-03",
		"status missing":    "CN-LOGIN-01",
		"id as text":        "CN-LOGIN-02",
		"error with result": "CN-LOGIN-02",
		"error as text":     "CN-LOGIN-03 CN-LOGIN-04",
		"any address":       "CN-LOGIN-03 CN-LOGIN-04",
		"any network":       "CN-LOGIN-04",
		"silent login":      "CN-LOGIN-05 ROB-JSON-04",
		"silent without id": "CN-LOGIN-06",
		"old session earns": "CN-LOGIN-07",
		"long agent silent": "CN-LOGIN-10",
		"counted sessions":  "CN-LOGIN-11",
		"any algo":          "CN-LOGIN-12",
		"no algo":           "CN-LOGIN-13",
		"no rigid":          "CN-LOGIN-14",
		"used nonce":        "CN-JOB-01",
		"one job id":        "CN-JOB-02 CN-SUB-15 CN-SUB-16 CN-SUB-18 VD-FLIGHT-01 VD-SUBSEC-01 LAT-SUB-03",
		"one extranonce":    "CN-JOB-08 OPS-RESTART-03",
		"no push": "CN-JOB-02 CN-JOB-09 CN-JOB-12 CN-SUB-16 CN-SUB-17 CN-SUB-23 " +
			"LAT-JOB-01 LAT-JOB-02 LAT-JOB-03 LAT-JOB-04 ROB-SLOW-02 ROB-NODE-01 ROB-NODE-02",
		"push with id":               "CN-JOB-12",
		"fresh getjob":               "CN-JOB-14",
		"share status":               "CN-SUB-01",
		"no target":                  "CN-JOB-13 CN-SUB-02 CN-SUB-19",
		"no verification":            "CN-SUB-03 CN-SUB-04 CN-SUB-05 CN-SUB-09 SEC-HIJACK-02",
		"trust":                      "CN-SUB-04",
		"false blocks":               "CN-SUB-05",
		"duplicates":                 "CN-SUB-06 CN-SUB-07 CN-SUB-10 CN-SUB-19",
		"duplicates by case":         "CN-SUB-07",
		"sloppy nonce":               "CN-SUB-08",
		"duplicates after reconnect": "CN-SUB-09",
		"unknown job closes":         "CN-SUB-11 CN-SUB-19",
		"global jobs":                "CN-SUB-12 SEC-HIJACK-02",
		"global sessions":            "CN-SUB-13 SEC-AUTH-02",
		"no login needed":            "CN-SUB-14",
		"stale unnamed":              "CN-SUB-16",
		"old work":                   "CN-SUB-17",
		"one reason":                 "CN-SUB-19",
		"answers twice":              "CN-SUB-01 CN-SUB-20",
		"silent malformed":           "CN-SUB-08 CN-SUB-19 CN-SUB-21",
		"blocks kept":                "CN-SUB-23 ROB-NODE-03",
		"any share algo":             "CN-SUB-25",
		"no keepalive":               "CN-KEEP-01",
		"method closes":              "CN-METH-01",
		"banner":                     "CN-CONN-01 CN-CONN-02",
		"three byte target":          "CN-JOB-03",
		"pieces refused":             "CN-CONN-05",
		"no height":                  "CN-JOB-07",
		"silent on bad lines":        "ROB-JSON-01 ROB-JSON-04 ROB-JSON-05 SEC-PP-01",
		"echoes bytes":               "ROB-JSON-02",
		"no line limit":              "ROB-JSON-03 ROB-LINE-01",
		"short lines":                "ROB-LINE-02",
		"live difficulty":            "CN-SUB-18 VD-FLIGHT-01 VD-SUBSEC-01 LAT-SUB-03",
		"old difficulty":             "CN-JOB-13",
		"credits one":                "CN-JOB-04 CN-SUB-18 CN-SUB-24 VD-CREDIT-01 SEC-BAN-06 OPS-RESTART-01 OPS-RESTART-02 OPS-LEDGER-01",
		"credits refused":            "VD-STAT-01 SEC-BAN-06 SEC-HIJACK-02 OPS-LEDGER-01",
		"forgets at SIGTERM":         "OPS-RESTART-01",
		"forgets when killed":        "OPS-RESTART-02",
		"extranonce again":           "OPS-RESTART-03",
		"empty job":                  "CN-LOGIN-15",
		"no login timeout":           "ROB-SLOW-01",
		"no idle timeout":            "CN-KEEP-02 ROB-HALF-02",
		"idle despite keepalive":     "CN-KEEP-02 CN-KEEP-03",
		"believes strangers":         "SEC-PP-01",
		"header optional":            "SEC-PP-02",
		"tells job ids":              "SEC-AUTH-01",
		"deaf kept":                  "ROB-SLOW-02",
		"out of bounds":              "VD-BOUND-01",
		"zero target":                "CN-JOB-13 CN-SUB-18 VD-BOUND-01 VD-BOUND-02 VD-STAT-01 VD-FLIGHT-01 VD-RECON-01 VD-SUBSEC-01",
		"drifting":                   "VD-BOUND-03",
		"burst closes":               "VD-SUBSEC-01",
		"replaced refused":           "CN-SUB-15",
		"overload lasts":             "LAT-SUB-03",
		"late jobs":                  "LAT-JOB-01 LAT-JOB-02 LAT-JOB-03",
		"any wish":                   "CN-LOGIN-08 CN-LOGIN-09",
		"wishes dropped":             "CN-LOGIN-09",
		"four bytes":                 "CN-JOB-05",
		"difficulty as target":       "CN-JOB-06",
		"any nonce byte":             "CN-JOB-15",
		"moving byte":                "CN-JOB-15",
		"old network difficulty":     "CN-SUB-23 ROB-NODE-03",
		"refused blocks unpaid":      "CN-SUB-24",
		"refused blocks unheard":     "CN-SUB-24",
		"never bans":                 "SEC-BAN-01",
		"bans by number":             "SEC-BAN-01",
		"bans the address":           "SEC-BAN-03",
		"bans for ever":              "SEC-BAN-04",
		"bans for a moment":          "SEC-BAN-04",
		"banned stay":                "SEC-BAN-05",
		"bans the proxy":             "SEC-PP-03",
		"no connection limit":        "ROB-STORM-03",
		"port for all":               "SEC-15",
		"open administration":        "SEC-15",
		"tells passwords":            "SEC-15",
		"test settings":              "SEC-16",
		"raw log":                    "SEC-INJ-01",
		"raw page":                   "SEC-INJ-01",
		"raw table":                  "SEC-INJ-01",
		"refusals uncounted":         "OPS-METRIC-01",
	}
}

// defectsCKB are the ways to break the CKB server.
func defectsCKB() map[string]string {
	return map[string]string{
		"wrong size":              "CKB-SUB-01",
		"one nonce1":              "CKB-SUB-02 OPS-RESTART-03",
		"text null":               "CKB-SUB-03",
		"lost nonce1":             "CKB-SUB-04",
		"numeric true":            "CKB-AUTH-01",
		"any worker":              "CKB-AUTH-02",
		"late target":             "CKB-TGT-01",
		"no suggestions":          "CKB-TGT-05",
		"clean as number":         "CKB-JOB-01 CKB-JOB-02",
		"never clean":             "CKB-JOB-02",
		"old work":                "CKB-JOB-02",
		"old parent":              "CKB-JOB-04",
		"one job id":              "CKB-JOB-03 CKB-JOB-05 CKB-EXT-02 VD-FLIGHT-01 VD-SUBSEC-01 LAT-SUB-03",
		"early job":               "CKB-TGT-01 CKB-JOB-07",
		"share as text":           "CKB-SHR-01",
		"no target":               "CKB-TGT-03 CKB-SHR-02 CKB-SHR-06 SEC-AUTH-02 SEC-HIJACK-02",
		"cut nonce2":              "CKB-SHR-03",
		"low bytes alone":         "CKB-SHR-04",
		"case counts":             "CKB-SHR-05",
		"client's nonce1":         "CKB-SHR-06 SEC-AUTH-02 SEC-HIJACK-02",
		"strangers":               "CKB-SHR-07 CKB-SHR-08",
		"other codes":             "CKB-AUTH-03 CKB-SHR-07 CKB-SHR-08",
		"refusal with true":       "CKB-SHR-09",
		"small nonce2":            "CKB-SUB-05",
		"harder than the network": "CKB-TGT-02",
		"live target":             "VD-FLIGHT-01 VD-SUBSEC-01 LAT-SUB-03",
		"old target":              "CKB-TGT-03",
		"clean refresh":           "CKB-JOB-03",
		"workers as one":          "CKB-AUTH-04",
		"blocks kept":             "CKB-SHR-10 ROB-NODE-03",
		"nonce1 again":            "OPS-RESTART-03",
		"resumes":                 "CKB-SUB-06",
		"nonce1 forgotten":        "CKB-EXT-02",
		"older without target":    "CKB-B-01 CKB-B-02",
		"one work for all":        "CKB-B-02",
		"old network difficulty":  "CKB-SHR-10 ROB-NODE-03",
	}
}

// fatalCN are defects that end the service for everybody, or show only when one
// check has the server for itself: it is run alone.
func fatalCN() map[string]string {
	return map[string]string{
		"malformed bans": "SEC-BAN-02", "dies on bad login": "CN-LOGIN-05", "dies on bad submit": "CN-SUB-21", "dies on bad header": "SEC-PP-04",
		"bans the login": "SEC-BAN-06", "bad wish closes": "CN-LOGIN-08",
		"lines lost": "CN-CONN-04", "half-closed kept": "ROB-HALF-01", "storm": "ROB-STORM-01", "logins block": "SEC-FLOOD-01",
	}
}

// meteredCN are defects that show in what the server uses of its machine.
func meteredCN() map[string]string {
	return map[string]string{
		"hashes first":     "CN-SUB-22",
		"never bans":       "SEC-FLOOD-02",
		"hoards":           "ROB-SLOW-03",
		"descriptors leak": "ROB-HALF-03 ROB-STORM-02",
	}
}

// metered measures a server, with a crowd that does not take long.
func metered(profile func(*testing.T, string) Config) func(*testing.T, string) Config {
	return func(t *testing.T, defect string) Config {
		cfg := profile(t, defect)
		cfg.Meter, cfg.Crowd = cfg.Ledger.(*tinyBooks), 8
		return cfg
	}
}

// probing are the checks that measure.
func probing(t *testing.T, profile Profile) []Check {
	return slices.DeleteFunc(implemented(t, profile), func(c Check) bool { return !slices.Contains(c.Needs, NeedProbe) })
}

// TestEachMeteredDefectIsCaught looks at what a broken server uses.
func TestEachMeteredDefectIsCaught(t *testing.T) {
	manyRuns(t)
	for defect, want := range meteredCN() {
		t.Run(defect, func(t *testing.T) {
			found, _ := bubble(t, probing(t, CN), func(t *testing.T) Config { return metered(memCN)(t, defect) })
			require.Equal(t, want, strings.Join(found, " "))
		})
	}
	for profile, configure := range map[Profile]func(*testing.T, string) Config{CN: memCN, CKB: memCKB} {
		found, odd := bubble(t, probing(t, profile), func(t *testing.T) Config { return metered(configure)(t, "") })
		require.Empty(t, found)
		require.Empty(t, odd)
	}
}

// TestAddressForms is about logins that are addresses, which those of the other
// tests are not.
func TestAddressForms(t *testing.T) {
	sel := Selection{Selectors: []string{"CKB-AUTH-05"}}
	checks, err := sel.Choose(Catalogue(), CKB)
	require.NoError(t, err)
	for defect, want := range map[string][]string{"": nil, "deprecated taken": {"CKB-AUTH-05"}} {
		found, odd := bubble(t, checks, func(t *testing.T) Config {
			cfg := memCKB(t, defect)
			cfg.Login = ckb.EncodeAddress(ckb.Testnet, ckb.SighashLock([20]byte{1}))
			cfg.Declared.AddressForms = []string{AddressFull, AddressShort}
			return cfg
		})
		require.Equal(t, want, found, defect)
		require.Empty(t, odd)
	}
}

// TestEachDefectIsCaught breaks a server in one way at a time: the checks named
// must find it, and no others.
func TestEachDefectIsCaught(t *testing.T) {
	eachDefect(t, CN, memCN, defectsCN())
}

func TestEachCKBDefectIsCaught(t *testing.T) {
	eachDefect(t, CKB, memCKB, defectsCKB())
}

// manyRuns skips what the race detector would make take minutes.
func manyRuns(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("tens of runs of the suite")
	}
}

func eachDefect(t *testing.T, profile Profile, configure func(*testing.T, string) Config, defects map[string]string) {
	manyRuns(t)
	checks := implemented(t, profile)
	for defect, want := range defects {
		t.Run(defect, func(t *testing.T) {
			found, _ := bubble(t, checks, func(t *testing.T) Config { return configure(t, defect) })
			require.Equal(t, want, strings.Join(without(found, "CN-CONN-07"), " "))
		})
	}
}

// without leaves one id out.
func without(ids []string, id string) []string {
	return slices.DeleteFunc(ids, func(s string) bool { return s == id })
}

// TestDefectsThatEndTheService breaks the server for everybody: the check that
// does so finds it, alone.
func TestDefectsThatEndTheService(t *testing.T) {
	for defect, id := range fatalCN() {
		t.Run(defect, func(t *testing.T) {
			sel := Selection{Selectors: []string{id}}
			checks, err := sel.Choose(Catalogue(), CN)
			require.NoError(t, err)
			found, odd := bubble(t, checks, func(t *testing.T) Config { return memCN(t, defect) })
			require.Equal(t, []string{id}, found, odd)
		})
	}
}

// TestCorrectServersPassInVirtualTime is the other half of the defects' proof.
func TestCorrectServersPassInVirtualTime(t *testing.T) {
	found, odd := bubble(t, implemented(t, CN), func(t *testing.T) Config { return memCN(t, "") })
	require.Equal(t, []string{"CN-CONN-07"}, found)
	require.Empty(t, odd)
	found, odd = bubble(t, implemented(t, CKB), func(t *testing.T) Config { return memCKB(t, "") })
	require.Empty(t, found)
	require.Empty(t, odd)
}
