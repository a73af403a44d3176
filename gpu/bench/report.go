package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Schema names the format of reports. Its number changes when something that
// readers rely on does; new fields do not change it.
const Schema = "adit-bench/1"

// maxReport bounds the reports that are read, in bytes.
const maxReport = 16 << 20

// Report is what a benchmark found on one machine. docs/benchmarks describes
// each field. It names no host and holds no address.
type Report struct {
	Schema  string    `json:"schema"`
	Time    time.Time `json:"time"` // UTC, when it was finished
	Adit    Build     `json:"adit"`
	Machine Machine   `json:"machine"`
	Devices []Device  `json:"devices"`
	Checks  []Check   `json:"checks,omitempty"`
	Rows    []Row     `json:"rows"`
	// Skipped is what was not measured or checked, and why.
	Skipped []Skip `json:"skipped,omitempty"`
}

// Build is the program that measured.
type Build struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// Machine is the processor that the devices hang on.
type Machine struct {
	CPU        string `json:"cpu"`
	Processors int    `json:"processors"`
	Cores      int    `json:"cores"`
}

// Device is a device that was measured. ID is its name in the rows: "cpu",
// "opencl:0", "cuda:1".
type Device struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Vendor string `json:"vendor,omitempty"`
	Driver string `json:"driver,omitempty"`
	Memory uint64 `json:"memory_bytes,omitempty"`
	Units  int    `json:"units,omitempty"`
}

// Row is one algorithm on one device.
type Row struct {
	Device string `json:"device"`
	Algo   string `json:"algo"`
	Impl   string `json:"impl"`
	// Settings are those that the device ran with, by name; Origin says where
	// they come from: "default", "tuned", "given".
	Settings map[string]int `json:"settings"`
	Origin   string         `json:"settings_origin"`
	// Rate is in hashes per second, of Windows; Hashes and Seconds are those of
	// all windows together.
	Rate           Rate      `json:"rate"`
	Windows        []float64 `json:"windows"`
	Hashes         uint64    `json:"hashes"`
	Seconds        float64   `json:"seconds"`
	Watts          *float64  `json:"watts"`
	HashesPerJoule *float64  `json:"hashes_per_joule"`
	Hits           Hits      `json:"hits"`
	// Error is what ended the measurement, or what is wrong with its hits.
	Error string `json:"error,omitempty"`
}

// Put writes a measurement, or its failure, into a row.
func (r *Row) Put(m *Result, err error) {
	r.Rate, r.Windows, r.Hashes, r.Seconds = m.Rate, m.Windows, m.Hashes, m.Seconds
	r.Watts, r.HashesPerJoule, r.Hits = m.Watts, m.HashesPerJoule(), m.Hits
	if err = errors.Join(err, m.Hits.Err()); err != nil {
		r.Error = err.Error()
	}
}

// Check is one test of correctness: an algorithm on a device.
type Check struct {
	Device string `json:"device"`
	Algo   string `json:"algo"`
	Name   string `json:"check"`
	Hashes int    `json:"hashes"` // digests that were compared
	Error  string `json:"error,omitempty"`
}

// Skip is something left out. Device and Algo may be empty.
type Skip struct {
	Device string `json:"device,omitempty"`
	Algo   string `json:"algo,omitempty"`
	What   string `json:"what"` // "check", "benchmark", "back end"
	Why    string `json:"why"`
}

// Failures lists in words what is wrong in a report: nothing, when it is empty.
func (r *Report) Failures() []string {
	var list []string
	for _, c := range r.Checks {
		if c.Error != "" {
			list = append(list, fmt.Sprintf("%s %s, %s: %s", c.Device, c.Algo, c.Name, c.Error))
		}
	}
	for _, row := range r.Rows {
		if row.Error != "" {
			list = append(list, fmt.Sprintf("%s %s: %s", row.Device, row.Algo, row.Error))
		}
	}
	return list
}

// Write writes the report as indented JSON.
func (r *Report) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// Read reads a report. It refuses what is none, other versions of the format,
// and numbers that no measurement gives.
func Read(from io.Reader) (*Report, error) {
	text, err := io.ReadAll(io.LimitReader(from, maxReport+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading a report: %w", err)
	case len(text) > maxReport:
		return nil, fmt.Errorf("reading a report: it is longer than %d MiB", maxReport>>20)
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("reading a report: %w", err)
	}
	if r.Schema != Schema {
		return nil, fmt.Errorf("reading a report: its schema is %q, want %q: adit bench --submit-format writes those", r.Schema, Schema)
	}
	seen := map[string]bool{}
	for _, row := range r.Rows {
		if err := row.check(); err != nil {
			return nil, fmt.Errorf("reading a report: %s: %w", key(&row), err)
		}
		if seen[key(&row)] {
			return nil, fmt.Errorf("reading a report: %s comes twice", key(&row))
		}
		seen[key(&row)] = true
	}
	return &r, nil
}

func (r *Row) check() error {
	rates := []float64{r.Rate.Median}
	if (r.Rate.Low == nil) != (r.Rate.High == nil) {
		return errors.New("the rate's interval has one end")
	}
	if r.Rate.Low != nil {
		rates = []float64{*r.Rate.Low, r.Rate.Median, *r.Rate.High}
	}
	before := 0.0
	for _, rate := range rates {
		if rate < before || math.IsInf(rate, 0) {
			return fmt.Errorf("the rate's median and interval are out of order at %v", rate)
		}
		before = rate
	}
	return nil
}
