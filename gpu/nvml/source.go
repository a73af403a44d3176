//go:build linux && cgo

package nvml

import (
	"errors"
	"fmt"

	lib "github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/telemetry"
)

// source reads all cards of the library.
type source struct {
	lib    lib.Interface
	has    map[string]bool // functions there are
	driver string
	cards  []*card
}

// card is one that was there when the library was opened.
type card struct {
	telemetry.Card
	handle lib.Device // nil when the card was not reached at all
	lost   bool
}

// enumerate finds the cards and asks who they are.
func (s *source) enumerate() error {
	if !s.has[symCount1] && !s.has[symCount2] || !s.has[symHandle1] && !s.has[symHandle2] {
		return errors.New("NVML: the driver's library is too old to list cards: update the driver")
	}
	count, ret := s.lib.DeviceGetCount()
	if ret != lib.SUCCESS {
		return fmt.Errorf("NVML: counting cards: %s", s.lib.ErrorString(ret))
	}
	if count == 0 {
		return fmt.Errorf("NVML: %w: the driver knows no card", gpu.ErrNoDriver)
	}
	if s.has[symDriver] {
		s.driver, _ = s.lib.SystemGetDriverVersion() // "" is how an unknown one is shown
	}
	for i := range count {
		s.cards = append(s.cards, s.identify(i))
	}
	return nil
}

// identify describes the card with a number of the driver's. One that cannot be
// reached has a number for a name.
func (s *source) identify(index int) *card {
	c := &card{Card: telemetry.Card{Source: Name, Driver: s.driver, Name: fmt.Sprintf("NVIDIA card %d", index)}}
	handle, ret := s.lib.DeviceGetHandleByIndex(index)
	if ret != lib.SUCCESS {
		c.lost = true
		return c
	}
	c.handle = handle
	text := func(symbol string, get func() (string, lib.Return), into *string) {
		if !s.has[symbol] {
			return
		}
		if v, ret := get(); ret == lib.SUCCESS && v != "" {
			*into = v
		}
	}
	text(symName, handle.GetName, &c.Name)
	text(symUUID, handle.GetUUID, &c.UUID)
	text(symVBIOS, handle.GetVbiosVersion, &c.Firmware)
	if s.has[symPCI1] || s.has[symPCI2] || s.has[symPCI3] {
		if pci, ret := handle.GetPciInfo(); ret == lib.SUCCESS {
			c.Bus = fmt.Sprintf("%04x:%02x:%02x.0", pci.Domain, pci.Bus, pci.Device)
		}
	}
	return c
}

// Read implements telemetry.Source.
func (s *source) Read() ([]telemetry.Reading, error) {
	out := make([]telemetry.Reading, len(s.cards))
	for i, c := range s.cards {
		s.find(c)
		out[i] = s.read(c)
	}
	return out, nil
}

// find looks for a lost card again: a reset may have brought it back, with
// another handle.
func (s *source) find(c *card) {
	if !c.lost || c.UUID == "" || !s.has[symUUIDHandle] {
		return
	}
	if handle, ret := s.lib.DeviceGetHandleByUUID(c.UUID); ret == lib.SUCCESS {
		c.handle, c.lost = handle, false
	}
}

// read asks a card all that the library knows to ask.
func (s *source) read(c *card) telemetry.Reading {
	r := telemetry.Reading{Card: c.Card, Lost: c.lost}
	if c.lost {
		return r
	}
	told := map[string]bool{}
	for _, p := range probes() {
		if !s.has[p.symbol] || p.also != "" && !s.has[p.also] || told[p.instead] {
			continue
		}
		switch ret := p.read(c.handle, &r.Values); ret {
		case lib.SUCCESS:
			told[p.symbol] = true
		case lib.ERROR_GPU_IS_LOST:
			c.lost, r.Lost, r.Values = true, true, nil
			return r
		}
		// Anything else is a sensor that this card lacks, or does not show to
		// this user: absent.
	}
	return r
}

// Close implements telemetry.Source.
func (s *source) Close() error {
	if ret := s.lib.Shutdown(); ret != lib.SUCCESS {
		return fmt.Errorf("NVML: ending: error %d of the driver's", int(ret))
	}
	return nil
}
