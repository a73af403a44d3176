package amdgpu

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/telemetry"
)

// source reads all cards below a sysfs.
type source struct {
	sys fs.FS
	// known are the cards seen so far, by PCI bus id.
	known map[string]telemetry.Card
}

// Open looks for cards in a sysfs, such as os.DirFS("/sys"). gpu.ErrNoDriver
// says that there is none.
func Open(sys fs.FS) (telemetry.Source, error) {
	s := &source{sys: sys, known: map[string]telemetry.Card{}}
	if len(s.find()) == 0 {
		return nil, fmt.Errorf("amdgpu: %w: /sys/class/drm shows no card of it", gpu.ErrNoDriver)
	}
	return s, nil
}

// Close implements telemetry.Source; nothing is open.
func (s *source) Close() error { return nil }

// Read implements telemetry.Source. A card whose files are gone is lost.
func (s *source) Read() ([]telemetry.Reading, error) {
	found := s.find()
	var out []telemetry.Reading
	for bus, card := range s.known {
		r := telemetry.Reading{Card: card}
		if at, ok := found[bus]; ok {
			sensors(at, &r.Values)
		} else {
			r.Lost = true
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b telemetry.Reading) int { return cmp.Compare(a.Bus, b.Bus) })
	return out, nil
}

// find lists the cards' folders by bus, and gets to know new cards.
func (s *source) find() map[string]folder {
	found := map[string]folder{}
	// The pattern is well formed, so that there is no error.
	paths, _ := fs.Glob(s.sys, "class/drm/card*/device/uevent")
	for _, path := range paths {
		at := folder{s.sys, strings.TrimSuffix(path, "/uevent")}
		event := at.pairs("uevent", "=")
		bus := event["PCI_SLOT_NAME"]
		if event["DRIVER"] != "amdgpu" || bus == "" {
			continue // another driver's, or a connector such as card0-DP-1
		}
		found[bus] = at
		if _, known := s.known[bus]; !known {
			s.known[bus] = s.identify(at, bus)
		}
	}
	return found
}

// identify describes a card. Cards without a product name are called by their
// PCI device id, and a driver that came with the kernel has no version.
func (s *source) identify(at folder, bus string) telemetry.Card {
	c := telemetry.Card{Source: Name, Bus: bus, UUID: at.text("unique_id"), Name: at.text("product_name"),
		Firmware: at.text("vbios_version"), Driver: folder{s.sys, "module/amdgpu"}.text("version")}
	if c.Name == "" {
		c.Name = "AMD " + cmp.Or(strings.TrimPrefix(at.text("device"), "0x"), "card")
	}
	return c
}
