package pool

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/pool/config"
)

// maxName bounds worker names, rig ids and agents, in characters.
const maxName = 64

// credentials are what a login says: whom to pay, which machine it is, and
// what difficulty it asks for.
type credentials struct {
	address    string
	worker     string
	difficulty uint64 // 0: vardiff
	solo       bool   // a block it finds is all its own
}

// soloPrefix, before an address, asks for SOLO.
const soloPrefix = "solo:"

// paymentIDSeparator stands between address and payment id in the ledger.
const paymentIDSeparator = "."

// errDifficulty is for the miner's owner.
var errDifficulty = errors.New("Invalid difficulty: it must be a whole number above 0") //lint:ignore ST1005 sent to miners, whose texts begin so

// parseCredentials takes a login and password apart: ADDRESS.worker+DIFFICULTY,
// in either order of the last two, solo: before the address, d=DIFFICULTY in the password, which else names the worker
// unless it is the customary x. Behind either separator an address may have a
// payment id of 64 hex digits, which is kept with it.
func parseCredentials(login, pass string, seps config.Login) (credentials, error) {
	var c credentials
	if len(login) >= len(soloPrefix) && strings.EqualFold(login[:len(soloPrefix)], soloPrefix) {
		c.solo, login = true, login[len(soloPrefix):]
	}
	at := strings.IndexAny(login, seps.WorkerSeparator+seps.DifficultySeparator)
	rest := ""
	if c.address = login; at >= 0 {
		c.address, rest = login[:at], login[at:]
	}
	for rest != "" {
		sep := rest[:1]
		other := seps.WorkerSeparator
		if sep == other {
			other = seps.DifficultySeparator
		}
		token, next := rest[1:], ""
		if end := strings.Index(token, other); end >= 0 {
			token, next = token[:end], token[end:]
		}
		rest = next
		if taken, left := c.takePaymentID(token, seps); taken {
			if token, sep = left, seps.WorkerSeparator; token == "" {
				continue
			}
		}
		if sep == seps.DifficultySeparator {
			if err := c.wish(token); err != nil {
				return c, err
			}
		} else if c.worker == "" {
			c.worker = cleanName(token)
		}
	}
	return c, c.readPass(pass)
}

// takePaymentID moves a payment id of 64 digits, which stands first behind an
// address, to the address, and returns what is left of the token. Shorter ones
// are in integrated addresses: they would look like names of workers.
func (c *credentials) takePaymentID(token string, seps config.Login) (taken bool, left string) {
	id, left, _ := strings.Cut(token, seps.WorkerSeparator)
	if !cryptonote.IsLongPaymentID(id) || strings.Contains(c.address, paymentIDSeparator) {
		return false, token
	}
	c.address += paymentIDSeparator + strings.ToLower(id)
	return true, left
}

// readPass takes options and, where the login names none, the worker from a
// password.
func (c *credentials) readPass(pass string) error {
	for _, part := range strings.FieldsFunc(pass, func(r rune) bool { return r == ',' || r == ';' }) {
		part = strings.TrimSpace(part)
		if value, ok := strings.CutPrefix(part, "d="); ok {
			if err := c.wish(value); err != nil {
				return err
			}
		} else if c.worker == "" && !strings.EqualFold(part, "x") && !strings.Contains(part, "=") {
			c.worker = cleanName(part)
		}
	}
	return nil
}

// wish reads a difficulty. A number too large for the pool is the largest one.
func (c *credentials) wish(text string) error {
	if c.difficulty != 0 {
		return fmt.Errorf("%w, given once", errDifficulty)
	}
	d, err := strconv.ParseUint(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		d, err = math.MaxInt64, nil
	}
	if err != nil || d == 0 || text[0] == '+' {
		return errDifficulty
	}
	c.difficulty = min(d, math.MaxInt64)
	return nil
}

// cleanName makes a name that a stranger chose safe to show and to store: only
// printable characters, none that means something to HTML, and not long.
func cleanName(s string) string {
	var b strings.Builder
	for i, r := range []rune(s) {
		if i == maxName {
			break
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) || strings.ContainsRune(`<>&"'`+"`", r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}
