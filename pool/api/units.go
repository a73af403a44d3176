package api

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aditmine/adit/pool/config"
)

// Atomic is an amount of money in a coin's atomic unit. In JSON it is a
// decimal in quotes, since it may be larger than JavaScript's numbers can be.
type Atomic uint64

// MarshalJSON implements json.Marshaler.
func (a Atomic) MarshalJSON() ([]byte, error) {
	return []byte(`"` + strconv.FormatUint(uint64(a), 10) + `"`), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (a *Atomic) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseUint(strings.Trim(string(text), `"`), 10, 64)
	if err != nil {
		return fmt.Errorf("%s is no amount of atomic units", text)
	}
	*a = Atomic(n)
	return nil
}

// units is a balance that should not be below zero, and counts as zero when
// it is.
func units(amount int64) Atomic { return Atomic(max(amount, 0)) }

// unit is how people write a coin's amounts, and how fast its blocks come.
type unit struct {
	symbol    string
	decimals  int
	blockTime time.Duration
}

// unitOf tells a coin's unit by its network.
func unitOf(c config.Coin) unit {
	if c.Kind == config.CKB {
		return unit{"CKB", 8, 10 * time.Second}
	}
	switch strings.ToLower(c.Network) {
	case "mainnet":
		return unit{"XMR", 12, 2 * time.Minute}
	case "testnet", "stagenet":
		return unit{"tXMR", 12, 2 * time.Minute}
	case "masari":
		return unit{"MSR", 12, time.Minute}
	case "turtlecoin":
		return unit{"TRTL", 2, 30 * time.Second}
	}
	return unit{strings.ToUpper(c.Name), 12, 2 * time.Minute}
}

// short abbreviates a login for lists that everybody sees.
func short(login string) string {
	if len(login) <= 17 {
		return login
	}
	return login[:7] + "..." + login[len(login)-7:]
}

// seconds is a moment in seconds since 1970, 0 when there is none.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// moment is a time for JSON, nil when there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC().Truncate(time.Millisecond)
	return &u
}
