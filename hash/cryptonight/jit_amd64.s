//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// func runCode(ctx *jitContext)
//
// Compiled code takes the context in DI. It keeps BP and SP and does not touch
// the stack, so that a signal may come at any time; other registers are free
// for assembly functions to change.
TEXT ·runCode(SB), NOSPLIT, $0-8
	MOVQ ctx+0(FP), DI
	MOVQ jitContext_entry(DI), AX
	CALL AX
	RET
