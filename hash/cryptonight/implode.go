package cryptonight

import "github.com/aditmine/adit/hash/internal/aes"

// implode drains the pad into the text: 128 bytes at a time are added to it and
// it is encrypted, with other keys than when the pad was filled. Heavy
// variants also stir, and go over the pad twice.
func (h *Hasher) implode() {
	var keys aes.Keys
	keys.Expand([4]uint64(h.state[4:8]))
	t := h.text()
	if h.variant.heavy {
		t.drainStir(h.pad, &keys)
		t.drainStir(h.pad, &keys)
		for range heavyStirs {
			t.encryptStir(&keys)
		}
	} else {
		t.drain(h.pad, &keys)
	}
	h.setText(&t)
}

func (t *text) drain(pad scratchpad, keys *aes.Keys) {
	for ; len(pad) >= 2; pad = pad[2:] {
		t.add(&pad[0], &pad[1])
		t.encrypt(keys)
	}
}

func (t *text) drainStir(pad scratchpad, keys *aes.Keys) {
	for ; len(pad) >= 2; pad = pad[2:] {
		t.add(&pad[0], &pad[1])
		t.encryptStir(keys)
	}
}

func (t *text) add(low, high *line) {
	for i := range low {
		t[i] = t[i].Xor(low[i])
		t[i+4] = t[i+4].Xor(high[i])
	}
}
