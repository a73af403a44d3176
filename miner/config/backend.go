package config

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aditmine/adit/gpu"
)

// Backend is the section of one way to reach cards.
type Backend struct {
	Enabled *bool
	// profiles are lists of devices, by algorithm or family.
	profiles map[string]profile
}

// Device is what a file says about a device.
type Device struct {
	Index   int
	Options gpu.Options
}

// profile is what is used for an algorithm; without anything in it, the
// algorithm is not mined.
type profile struct {
	like    string // the name of another profile
	devices []Device
}

// everything is the profile of algorithms that have none.
const everything = "*"

// Devices finds the devices for an algorithm, by its name, or its family's (cn,
// cn-lite, cn-heavy, cn-pico), or "*". known is false where the file says
// nothing about it; no devices say that it is not to be mined.
func (b *Backend) Devices(algorithm string) (devices []Device, known bool, err error) {
	family, _, _ := strings.Cut(algorithm, "/")
	for _, name := range []string{algorithm, family, everything} {
		p, ok := b.profiles[name]
		for hops := 0; ok && p.like != ""; hops++ {
			if hops == len(b.profiles) {
				return nil, false, fmt.Errorf("profile %q leads to itself", name)
			}
			like := p.like
			if p, ok = b.profiles[like]; !ok {
				return nil, false, fmt.Errorf("profile %q is like %q, which there is not", name, like)
			}
		}
		if ok {
			return p.devices, true, nil
		}
	}
	return nil, false, nil
}

// plainKeys are keys of a back end that are no profiles.
var plainKeys = []string{"cache", "loader", "platform", "adl", "nvml", "bfactor-hint", "bsleep-hint"}

// backend reads a back end's section.
func (f *File) backend(s *section, device func(*section) Device) Backend {
	b := Backend{Enabled: optional[bool](s, "enabled"), profiles: make(map[string]profile)}
	for _, key := range plainKeys {
		if _, ok := s.keys[key]; ok {
			f.Unused = append(f.Unused, s.path+key)
			delete(s.keys, key)
		}
	}
	for name, raw := range s.keys {
		b.profiles[name] = f.profile(s, name, raw, device)
	}
	return b
}

func (f *File) profile(s *section, name string, raw json.RawMessage, device func(*section) Device) (p profile) {
	path := s.path + name
	var on bool
	if json.Unmarshal(raw, &on) == nil && string(raw) != "null" {
		if on {
			s.fail(path, "want a list of devices, the name of another profile, or false")
		}
		return profile{}
	}
	if json.Unmarshal(raw, &p.like) == nil && p.like != "" {
		return p
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		s.fail(path, "want a list of devices, the name of another profile, or false")
		return p
	}
	seen := make(map[int]bool)
	for i, raw := range list {
		at := fmt.Sprintf("%s[%d].", path, i)
		entry := newSection(at, raw, s.err)
		d := device(entry)
		if err := d.Options.Check(); err != nil {
			entry.fail(strings.TrimSuffix(at, "."), err.Error())
		}
		switch {
		case d.Index < 0:
			entry.fail(at+"index", "devices count from 0")
		case seen[d.Index]:
			entry.fail(at+"index", fmt.Sprintf("device %d is listed twice", d.Index))
		}
		seen[d.Index] = true
		f.Unused = append(f.Unused, entry.unused()...)
		p.devices = append(p.devices, d)
	}
	return p
}

// openCLDevice reads XMRig's keys, and memory-left (MiB) of adit's own.
func openCLDevice(s *section) Device {
	d := Device{Index: -1}
	s.take("index", &d.Index)
	s.take("intensity", &d.Options.Intensity)
	s.take("worksize", &d.Options.WorkSize)
	s.take("unroll", &d.Options.Unroll)
	var left uint64
	if s.take("memory-left", &left) {
		d.Options.Leave = min(left, 1<<20) << 20
	}
	return d
}

// cudaDevice reads the same, or XMRig's threads and blocks, whose product is
// the intensity. XMRig's kernels take any number of threads, adit's do not.
func cudaDevice(s *section) Device {
	d := openCLDevice(s)
	var threads, blocks int
	s.take("threads", &threads)
	s.take("blocks", &blocks)
	if threads < 0 || threads > 1<<20 || blocks < 0 || blocks > 1<<20 {
		s.fail(s.path+"threads", "threads and blocks are numbers from 0 to 1048576")
		return d
	}
	if d.Options.Intensity == 0 {
		d.Options.Intensity = threads * blocks
	}
	if fits := (&gpu.Options{WorkSize: threads}).Check() == nil; fits && d.Options.WorkSize == 0 {
		d.Options.WorkSize = threads
	}
	return d
}
