package cryptonight

import "github.com/aditmine/adit/hash/internal/aes"

// text is the part of the state (bytes 64 to 191) that the pad is made from
// and folded back into, as eight blocks.
type text [8]block

// heavyStirs is how often heavy variants encrypt and stir the text before the
// first, and after the last, of it meets the pad.
const heavyStirs = 16

// explode fills the pad: the text is encrypted, each block by itself, and
// appended, until the pad is full.
func (h *Hasher) explode() {
	if h.variant.float {
		h.explodeKeccak()
		return
	}
	var keys aes.Keys
	keys.Expand([4]uint64(h.state[0:4]))
	t := h.text()
	if h.variant.heavy {
		for range heavyStirs {
			t.encryptStir(&keys)
		}
	}
	t.fill(h.pad, &keys)
}

func (t *text) fill(pad scratchpad, keys *aes.Keys) {
	for ; len(pad) >= 2; pad = pad[2:] {
		t.encrypt(keys)
		pad[0], pad[1] = line(t[:4]), line(t[4:])
	}
}

func (h *Hasher) text() (t text) {
	for i := range t {
		t[i] = h.stateBlock(4 + i)
	}
	return t
}

func (h *Hasher) setText(t *text) {
	for i, b := range t {
		h.state[8+2*i], h.state[8+2*i+1] = b.Lo, b.Hi
	}
}

// encrypt applies the ten rounds to each block.
func (t *text) encrypt(keys *aes.Keys) {
	for i := range t {
		t[i] = keys.Encrypt(t[i])
	}
}

func (t *text) encryptStir(keys *aes.Keys) {
	t.encrypt(keys)
	t.stir()
}

// stir adds to every block the one after it, and to the last the first, all as
// they were before.
func (t *text) stir() {
	first := t[0]
	for i := range len(t) - 1 {
		t[i] = t[i].Xor(t[i+1])
	}
	t[7] = t[7].Xor(first)
}
