// Package cl is the source of adit's GPU kernels: OpenCL C 1.2, which OpenCL
// drivers compile when the miner starts and clang turns into PTX for CUDA.
//
// It imports nothing of adit; the back ends below gpu use it.
package cl

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed *.cl *.clh
var files embed.FS

// Source returns the text of a program, such as "eaglesong.cl", with what it
// includes put in its place: drivers know no folder of ours.
func Source(name string) (string, error) {
	var b strings.Builder
	if err := include(&b, name, map[string]bool{}); err != nil {
		return "", err
	}
	return b.String(), nil
}

// include writes a file, and before it, once, what it includes.
func include(b *strings.Builder, name string, seen map[string]bool) error {
	if seen[name] {
		return nil
	}
	seen[name] = true
	text, err := files.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading kernel source: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		rest, ok := strings.CutPrefix(strings.TrimSpace(line), `#include "`)
		if !ok {
			b.WriteString(line)
			continue
		}
		if err := include(b, strings.TrimSuffix(rest, `"`), seen); err != nil {
			return err
		}
	}
	return nil
}
