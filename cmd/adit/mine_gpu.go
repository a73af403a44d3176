package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/cuda"
	"github.com/aditmine/adit/gpu/opencl"
	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner/config"
	"github.com/aditmine/adit/miner/plain"
)

// gpuFlags choose cards.
type gpuFlags struct {
	opencl, cuda               bool
	openclDevices, cudaDevices string
	noCPU                      bool
}

func (f *gpuFlags) define(fl *pflag.FlagSet) {
	fl.BoolVar(&f.opencl, "opencl", false, "mine with OpenCL devices too, all GPUs of them")
	fl.StringVar(&f.openclDevices, "opencl-devices", "", "mine with these OpenCL devices, as `numbers` from 'adit devices'; implies --opencl")
	fl.BoolVar(&f.cuda, "cuda", false, "mine with CUDA devices too, all of them; a card is used once, with CUDA rather than OpenCL")
	fl.StringVar(&f.cudaDevices, "cuda-devices", "", "mine with these CUDA devices, as `numbers` from 'adit devices'; implies --cuda")
	fl.BoolVar(&f.noCPU, "no-cpu", false, "leave the processor alone")
}

// any reports whether cards are asked for.
func (f *gpuFlags) any() bool {
	return f.opencl || f.cuda || f.openclDevices != "" || f.cudaDevices != ""
}

// card is a device to mine with, in the way that was chosen for it.
type card struct {
	gpu.Device
	backend gpuBackend
	options gpu.Options
	listed  bool // by its number, on the command line
}

// cardChoice is what there is to mine with. Each note is a line about something
// that was asked for and is not there.
type cardChoice struct {
	cards []card
	notes []string
}

// wish is what is asked of one back end.
type wish struct {
	backend gpuBackend
	numbers []int               // nil is every GPU
	listed  bool                // the numbers come from the command line
	options map[int]gpu.Options // from the configuration, by number
}

// choose finds the devices to mine an algorithm with. What is missing is noted,
// and the rest is used.
func (f *gpuFlags) choose(backends []gpuBackend, a *hash.Algorithm, file *config.File) (*cardChoice, error) {
	choice := &cardChoice{}
	for _, b := range backends {
		on, list, section := f.opencl, f.openclDevices, &file.OpenCL
		if b.name == cuda.Backend {
			on, list, section = f.cuda, f.cudaDevices, &file.CUDA
		}
		if !on && list == "" {
			continue
		}
		w, err := newWish(b, list, a, section)
		if err != nil {
			return nil, err
		}
		if err := choice.add(w, a); err != nil {
			return nil, err
		}
	}
	switch {
	case !f.noCPU || len(choice.cards) > 0:
		return choice, nil
	case len(choice.notes) > 0:
		return nil, fmt.Errorf("--no-cpu leaves nothing to mine with: %s", strings.Join(choice.notes, "; "))
	}
	return nil, usagef("--no-cpu leaves nothing to mine with: add --opencl or --cuda")
}

// newWish reads what the configuration says about an algorithm, and the numbers
// from the command line, which come before those of the configuration.
func newWish(b gpuBackend, list string, a *hash.Algorithm, file *config.Backend) (*wish, error) {
	w := &wish{backend: b, options: make(map[int]gpu.Options)}
	devices, known, err := file.Devices(a.Name)
	if err != nil {
		return nil, usagef("configuration, %s: %v", b.name, err)
	}
	if known {
		w.numbers = []int{}
	}
	for _, d := range devices {
		w.options[d.Index] = d.Options
		w.numbers = append(w.numbers, d.Index)
	}
	if list == "" {
		return w, nil
	}
	w.listed, w.numbers = true, nil
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		switch {
		case err != nil || n < 0:
			return nil, usagef("--%s-devices %q: %q is no number of a device; 'adit devices' lists them", b.name, list, text)
		case slices.Contains(w.numbers, n):
			return nil, usagef("--%s-devices %q: device %d is listed twice", b.name, list, n)
		}
		w.numbers = append(w.numbers, n)
	}
	return w, nil
}

// add takes the devices that are wished for, unless they are taken already.
func (c *cardChoice) add(w *wish, a *hash.Algorithm) error {
	title := gpu.BackendTitle(w.backend.name)
	if w.numbers != nil && len(w.numbers) == 0 {
		c.note("%s: the configuration has no devices for %s", title, a.Name)
		return nil
	}
	all, err := w.backend.devices()
	if err != nil {
		c.note("%s", whyNone(w.backend.name, err))
		return nil
	}
	for _, d := range c.picked(w, all) {
		if twin := c.twin(&d); twin >= 0 {
			if err := c.share(twin, w, d); err != nil {
				return err
			}
			continue
		}
		c.cards = append(c.cards, card{d, w.backend, w.options[d.Index], w.listed})
	}
	return nil
}

func (c *cardChoice) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

// picked finds the devices that are wished for.
func (c *cardChoice) picked(w *wish, all []gpu.Device) (picked []gpu.Device) {
	title := gpu.BackendTitle(w.backend.name)
	if w.numbers == nil {
		picked = slices.DeleteFunc(slices.Clone(all), func(d gpu.Device) bool { return d.Kind != gpu.Card })
		if len(picked) == 0 {
			c.note("%s: there is no GPU; 'adit devices' lists other devices, for --%s-devices", title, w.backend.name)
		}
		return picked
	}
	for _, n := range w.numbers {
		i := slices.IndexFunc(all, func(d gpu.Device) bool { return d.Index == n })
		if i < 0 {
			c.note("%s: there is no device %d; 'adit devices' lists them", title, n)
			continue
		}
		picked = append(picked, all[i])
	}
	return picked
}

// twin finds the card that a device is another view of; -1 is none.
func (c *cardChoice) twin(d *gpu.Device) int {
	return slices.IndexFunc(c.cards, func(have card) bool { return sameCard(&have.Device, d) })
}

// share decides which of two back ends has a card that both have: the first,
// which was asked before, unless the second was given its number.
func (c *cardChoice) share(twin int, w *wish, d gpu.Device) error {
	have := &c.cards[twin]
	switch {
	case !w.listed:
		if have.backend.name == w.backend.name {
			c.note("%s is the same card as %s, and is not used twice", d.Title(), have.Title())
		}
		return nil
	case have.listed:
		return usagef("--%s-devices: device %d is the card that %s is already: name it once", w.backend.name, d.Index, have.Title())
	}
	*have = card{d, w.backend, w.options[d.Index], true}
	return nil
}

// sameCard reports whether two devices are views of one card. Where a bus id is
// missing, NVIDIA's OpenCL and CUDA devices of one name count as one: rather
// one card idle than one used twice.
func sameCard(x, y *gpu.Device) bool {
	if x.Kind != gpu.Card || y.Kind != gpu.Card {
		return false
	}
	if x.Bus != "" && y.Bus != "" {
		return telemetry.SameBus(x.Bus, y.Bus)
	}
	return x.Backend != y.Backend && x.Name == y.Name
}

// whyNone says why a back end has no devices, and what to do.
func whyNone(name string, err error) string {
	title := gpu.BackendTitle(name)
	switch {
	case errors.Is(err, gpu.ErrNotBuilt) && name == opencl.Backend:
		return title + ": this adit was built without it; with its headers installed, 'make build' makes one that has it"
	case errors.Is(err, gpu.ErrNotBuilt):
		return title + ": this adit was built without it"
	}
	text := strings.Join(strings.Fields(err.Error()), " ")
	if strings.HasPrefix(text, title) {
		return text
	}
	return title + ": " + text
}

// cardRows are the banner's lines about cards, and about those that are not
// there.
func cardRows(p *minePlan) (rows []plain.Row) {
	for _, c := range p.cards {
		value := fmt.Sprintf("%d %s, %d units", c.Index, c.Name, c.Units)
		if c.Bus != "" {
			value += ", " + c.Bus
		}
		rows = append(rows, plain.Row{Label: strings.ToUpper(c.Backend), Value: value + describeOptions(c.options)})
	}
	for _, note := range p.notes {
		rows = append(rows, plain.Row{Label: "NOT USED", Value: note})
	}
	return rows
}

// describeOptions names what is not left to the default.
func describeOptions(o gpu.Options) (text string) {
	for _, v := range []struct {
		name  string
		value int
	}{{"intensity", o.Intensity}, {"work size", o.WorkSize}, {"unroll", o.Unroll}, {"MiB left free:", int(o.Leave >> 20)}} {
		if v.value != 0 {
			text += fmt.Sprintf(", %s %d", v.name, v.value)
		}
	}
	return text
}
