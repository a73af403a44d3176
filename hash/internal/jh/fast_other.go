//go:build !amd64 || purego

package jh

// permuteFast is permute: this build has no assembly.
func permuteFast(s *state) { permute(s) }
