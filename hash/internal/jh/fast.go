//go:build amd64 && !purego

package jh

//go:generate go -C ../../../kernels/amd64 run . jh

// permuteFast is permute for a processor that has AVX2.
func permuteFast(s *state) { permuteAVX2(s, &roundConstants) }
