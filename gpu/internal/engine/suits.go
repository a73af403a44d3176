package engine

import (
	"fmt"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/internal/program"
	"github.com/aditmine/adit/hash"
)

// usualGroup stands for the runtimes' own group sizes, which are near it.
const usualGroup = 8

// Suits says why a device cannot search an algorithm with its default options,
// all its memory being free; nil where it can.
func Suits(d *gpu.Device, a *hash.Algorithm) error {
	if a.Family == hash.Eaglesong {
		return nil
	}
	if _, err := program.Loop(a, 0, 1); err != nil {
		return err
	}
	if nightItems(d, &gpu.Options{}, a, d.Memory, usualGroup) == 0 {
		return tooLittle(d.Memory, a)
	}
	return nil
}

// tooLittle says that an algorithm needs more memory than there is.
func tooLittle(memory uint64, a *hash.Algorithm) error {
	return fmt.Errorf("%d MiB of free memory are too little for two batches of %s", memory>>20, a.Name)
}
