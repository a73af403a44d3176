package cryptonight

import "github.com/aditmine/adit/hash/internal/aes"

// implode folds the pad into the text: 128 bytes at a time are added to it and
// it is encrypted, with other keys than when the pad was filled. Heavy
// variants also stir, and go over the pad twice.
func (h *Hasher) implode() {
	var keys aes.Keys
	keys.Expand([4]uint64(h.state[4:8]))
	t := h.text()
	if h.variant.heavy {
		t.foldHeavy(h.pad, &keys)
	} else {
		t.fold(h.pad, &keys)
	}
	h.setText(&t)
}

func (t *text) fold(pad scratchpad, keys *aes.Keys) {
	for ; len(pad) >= 2; pad = pad[2:] {
		t.add(&pad[0], &pad[1])
		t.encrypt(keys)
	}
}

func (t *text) foldHeavy(pad scratchpad, keys *aes.Keys) {
	for range 2 {
		for rest := pad; len(rest) >= 2; rest = rest[2:] {
			t.add(&rest[0], &rest[1])
			t.encrypt(keys)
			t.stir()
		}
	}
	for range heavyStirs {
		t.encrypt(keys)
		t.stir()
	}
}

func (t *text) add(low, high *line) {
	for i := range low {
		t[i] = t[i].Xor(low[i])
		t[i+4] = t[i+4].Xor(high[i])
	}
}
