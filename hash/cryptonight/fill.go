package cryptonight

// fillChunk is how many lines of the pad come from one copy of the state.
const fillChunk = 8

// fillSteps are how many 64-bit words of the state each permutation leaves in a
// chunk of the pad.
var fillSteps = [...]int{20, 22, 22}

// explodeKeccak fills the pad of cn/gpu without AES: every 512 bytes come from
// the state with their number added to its first word, permuted three times.
func (h *Hasher) explodeKeccak() {
	for i := 0; i < len(h.pad); i += fillChunk {
		state := h.state
		state[0] ^= uint64(i / fillChunk)
		word := 0
		for _, words := range fillSteps {
			state.Permute()
			for j := 0; j < words; j, word = j+2, word+2 {
				h.pad[i+word/8][word/2%4] = block{Lo: state[j], Hi: state[j+1]}
			}
		}
	}
}
