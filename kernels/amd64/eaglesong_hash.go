package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/reg"
)

const (
	eagleMessage = 48 // bytes
	eagleHead    = 32 // of them before the first permutation
	eagleDigest  = 32
)

// hashWhole describes the hashing of a message in each lane.
func (k *eagle) hashWhole(name string) {
	k.start(name, fmt.Sprintf("%s is wholePortable for %d lanes.", name, k.lanes))
	for half := range 2 {
		for j, word := range k.gather(16 * half) {
			k.set.store(k.emitter, word, k.stateWord(4*half+j))
		}
	}
	zero := k.registers[0]
	k.special.xor(k, zero, zero, zero)
	for j := eagleHead / 4; j < eagleWords; j++ {
		k.set.store(k.emitter, zero, k.stateWord(j))
	}
	k.permute("head")
	word := k.registers[4]
	for j, tail := range k.gather(eagleHead) {
		k.set.load(k.emitter, k.stateWord(j), word)
		k.special.xor(k, tail, word, word)
		k.set.store(k.emitter, word, k.stateWord(j))
	}
	k.VPBROADCASTD(k.masks.delimiter, k.registers[0])
	k.set.load(k.emitter, k.stateWord(4), word)
	k.special.xor(k, k.registers[0], word, word)
	k.set.store(k.emitter, word, k.stateWord(4))
	k.permute("tail")
	k.squeeze()
}

// hashTails describes the same for messages that begin alike.
func (k *eagle) hashTails(name string) {
	k.start(name, fmt.Sprintf("%s is tailsPortable for %d lanes.", name, k.lanes))
	tail := k.gather(eagleHead)
	word := k.registers[4]
	for j := range eagleWords {
		k.VPBROADCASTD(k.at(eagleMiddle+4*j), word)
		if j < len(tail) {
			k.special.xor(k, tail[j], word, word)
		}
		k.set.store(k.emitter, word, k.stateWord(j))
	}
	k.permute("tail")
	k.squeeze()
}

// permute emits the whole permutation of the states in memory.
func (k *eagle) permute(label string) {
	k.LEAQ(k.table, k.constants)
	for j, h := range k.words {
		if h.memory == nil {
			k.set.load(k.emitter, k.stateWord(j), k.registers[h.register])
		}
	}
	k.loop(label, eagleRounds)
	for j, h := range k.words {
		if h.memory == nil {
			k.set.store(k.emitter, k.registers[h.register], k.stateWord(j))
		}
	}
}

// gather reads 16 bytes of each message as four big-endian words, into the
// first four registers.
func (k *eagle) gather(offset int) (words [4]reg.Register) {
	copy(words[:], k.registers)
	for n, r := range words {
		for q := range k.lanes / 4 {
			k.special.insert(k, q, k.at(eagleMessages+eagleMessage*(4*q+n)+offset), r)
		}
	}
	k.transpose()
	for _, r := range words {
		k.VPSHUFB(k.masks.reverse, r, r)
	}
	return words
}

// squeeze writes the digests and returns.
func (k *eagle) squeeze() {
	for half := range 2 {
		for j := range 4 {
			k.set.load(k.emitter, k.stateWord(4*half+j), k.registers[j])
		}
		k.transpose()
		for n := range 4 {
			for q := range k.lanes / 4 {
				k.special.extract(k, q, k.registers[n], k.at(eagleDigests+eagleDigest*(4*q+n)+16*half))
			}
		}
	}
	k.VZEROUPPER()
	k.RET()
}

// transpose exchanges rows and columns of the square of words that each 128
// bits of the first four registers are: word i of register j becomes word j of
// register i. It uses the next four registers.
func (k *eagle) transpose() {
	r := k.registers
	k.VPUNPCKLDQ(r[1], r[0], r[4])
	k.VPUNPCKHDQ(r[1], r[0], r[5])
	k.VPUNPCKLDQ(r[3], r[2], r[6])
	k.VPUNPCKHDQ(r[3], r[2], r[7])
	k.VPUNPCKLQDQ(r[6], r[4], r[0])
	k.VPUNPCKHQDQ(r[6], r[4], r[1])
	k.VPUNPCKLQDQ(r[7], r[5], r[2])
	k.VPUNPCKHQDQ(r[7], r[5], r[3])
}
