package main

import "github.com/mmcloughlin/avo/reg"

// emitCPUID describes the two instructions with which a processor is asked
// what it has.
func emitCPUID(g *generator) {
	g.function("cpuid", "func(leaf, sub uint32) (a, b, c, d uint32)",
		"cpuid is the CPUID instruction for a leaf and sub-leaf.")
	g.Load(g.Param("leaf"), reg.EAX)
	g.Load(g.Param("sub"), reg.ECX)
	g.CPUID()
	g.Store(reg.EAX, g.Return("a"))
	g.Store(reg.EBX, g.Return("b"))
	g.Store(reg.ECX, g.Return("c"))
	g.Store(reg.EDX, g.Return("d"))
	g.RET()

	g.function("xgetbv", "func() (low, high uint32)",
		"xgetbv reads XCR0: which registers the system keeps. The processor must",
		"have said that there is OSXSAVE.")
	g.XORL(reg.ECX, reg.ECX)
	g.XGETBV()
	g.Store(reg.EAX, g.Return("low"))
	g.Store(reg.EDX, g.Return("high"))
	g.RET()
}
