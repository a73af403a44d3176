package main

import (
	"regexp"
	"strconv"
)

// usage is what a kernel takes.
type usage struct {
	kernel    string
	registers int // of a thread
	shared    int // bytes of a block
	stack     int // bytes of a thread, in the card's memory
	spilled   int // bytes of a thread that registers did not suffice for
}

var (
	entry     = regexp.MustCompile(`Compiling entry function '(\w+)'`)
	frame     = regexp.MustCompile(`(\d+) bytes stack frame, (\d+) bytes spill stores`)
	registers = regexp.MustCompile(`Used (\d+) registers`)
	shared    = regexp.MustCompile(`(\d+) bytes smem`)
	lines     = regexp.MustCompile(`(?m)^.*$`)
)

// parse reads what ptxas -v says.
func parse(said string) (list []usage) {
	for _, line := range lines.FindAllString(said, -1) {
		if m := entry.FindStringSubmatch(line); m != nil {
			list = append(list, usage{kernel: m[1]})
			continue
		}
		if len(list) == 0 {
			continue
		}
		u := &list[len(list)-1]
		if m := frame.FindStringSubmatch(line); m != nil {
			u.stack, u.spilled = number(m[1]), number(m[2])
		}
		if m := registers.FindStringSubmatch(line); m != nil {
			u.registers = number(m[1])
		}
		if m := shared.FindStringSubmatch(line); m != nil {
			u.shared = number(m[1])
		}
	}
	return list
}

func number(text string) int {
	n, _ := strconv.Atoi(text) // digits only
	return n
}

// card is a kind of card, with the limits of one of its multiprocessors (CUDA C
// Programming Guide, "Technical Specifications per Compute Capability").
type card struct {
	arch          string
	warps, blocks int
	shared        int // bytes
	reserved      int // bytes of shared memory that each block takes besides
}

var cards = []card{
	{"sm_70", 64, 32, 96 << 10, 0},
	{"sm_75", 32, 16, 64 << 10, 0},
	{"sm_80", 64, 32, 164 << 10, 1 << 10},
	{"sm_86", 48, 16, 100 << 10, 1 << 10},
	{"sm_89", 48, 24, 100 << 10, 1 << 10},
	{"sm_90", 64, 32, 228 << 10, 1 << 10},
}

const (
	warpSize      = 32
	fileRegisters = 65536 // of a multiprocessor, on all of these cards
	registerStep  = 256   // that a warp is given at once
	sharedStep    = 256
	blockThreads  = 64 // of every kernel, where nobody says another size
)

// occupancy is how many of a multiprocessor's warps can be in use, in percent.
func (c *card) occupancy(u *usage, threads int) int {
	warps := (threads + warpSize - 1) / warpSize
	perWarp := roundUp(max(u.registers, 1)*warpSize, registerStep)
	blocks := min(c.blocks, c.warps/warps, fileRegisters/perWarp/warps)
	if bytes := roundUp(u.shared+c.reserved, sharedStep); bytes > 0 {
		blocks = min(blocks, c.shared/bytes)
	}
	return 100 * blocks * warps / c.warps
}

func roundUp(n, step int) int { return (n + step - 1) / step * step }
