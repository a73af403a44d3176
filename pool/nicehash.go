package pool

import (
	"slices"
	"strings"
	"sync"

	"github.com/aditmine/adit/stratum/cryptonote"
)

// In NiceHash mode the last byte of the nonce, byte 42 of a usual blob, is the
// server's: it differs between sessions, is written into the blob, and must
// come back with every share. Miners know the mode by the byte not being zero
// (XMRig) or by the extension "nicehash".

// fixedByte is where in the nonce the server's byte lies.
const fixedByte = 3

// byteSlots hands out the bytes of one port's NiceHash sessions: 1 to 255, the
// least used first, so that no two sessions share one while there are fewer
// than 256. What they hash differs by extra nonce in any case.
type byteSlots struct {
	mu   sync.Mutex
	used [256]int
}

func (b *byteSlots) take() byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	least := 1 + slices.Index(b.used[1:], slices.Min(b.used[1:]))
	b.used[least]++
	return byte(least)
}

func (b *byteSlots) give(n byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used[n]--
}

// resells reports whether a miner of that name sells its hash power on: such
// miners share connections, and need NiceHash mode for it.
func resells(agent string) bool { return strings.Contains(strings.ToLower(agent), "nicehash") }

// reserve gives the session a byte of its own if it is to have one, once.
func (d *cryptoNoteDialect) reserve(agent string) {
	if d.fixed == 0 && (d.s.port.settings().NiceHash || resells(agent)) {
		d.fixed = d.s.port.bytes.take()
	}
}

// released implements dialect.
func (d *cryptoNoteDialect) released() {
	if d.fixed != 0 {
		d.s.port.bytes.give(d.fixed)
	}
}

// extensions are what a login is told that this session can do.
func (d *cryptoNoteDialect) extensions() []string {
	list := []string{cryptonote.ExtensionAlgo, cryptonote.ExtensionKeepalive}
	if d.fixed != 0 {
		list = append(list, cryptonote.ExtensionNiceHash)
	}
	if d.secure || d.s.port.offersTLS() {
		list = append(list, cryptonote.ExtensionTLS)
	}
	if d.s.port.settings().Reconnect != "" {
		list = append(list, cryptonote.ExtensionConnect)
	}
	return list
}
