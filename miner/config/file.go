package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// File is what a configuration file says. A pointer is nil where it says
// nothing.
type File struct {
	Pools    []Pool
	CPU      CPU
	OpenCL   Backend
	CUDA     Backend
	HTTP     HTTP
	Watchdog Watchdog

	Retries, RetryPause, PrintTime *int
	WorkerID, LogFile              *string
	Colors                         *bool
	// Unused are the keys that mean nothing to adit, with their sections.
	Unused []string
}

// Pool is a pool to mine on; the first is preferred.
type Pool struct {
	URL, User, Pass, RigID, Algo, Fingerprint string
	TLS, Keepalive                            bool
}

// CPU says how the processor mines.
type CPU struct {
	Enabled, HugePages *bool
	Threads, Lanes     *int
}

// HTTP is the API.
type HTTP struct {
	Enabled, Restricted *bool
	Host, Token         *string
	Port                *int
}

// Watchdog is a section of adit's own.
type Watchdog struct {
	// HangTime is in seconds; the temperatures are in degrees Celsius.
	HangTime, Reinits    *int
	StopTemp, ResumeTemp *float64
	Command              *string
	Exit                 *bool
}

// maxSize bounds a file, in bytes.
const maxSize = 1 << 20

// Read reads a file. An error names it, and what is wrong where.
func Read(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	f, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// Parse reads a file's text.
func Parse(text []byte) (*File, error) {
	if len(text) > maxSize {
		return nil, fmt.Errorf("%d bytes are too many for a configuration", len(text))
	}
	plain := relax(text)
	if err := checkSyntax(plain); err != nil {
		return nil, err
	}
	var failure error
	root := newSection("", plain, &failure)
	f := &File{}
	f.Pools = pools(root)
	f.cpu(root.sub("cpu"))
	f.OpenCL = f.backend(root.sub("opencl"), openCLDevice)
	f.CUDA = f.backend(root.sub("cuda"), cudaDevice)
	f.http(root.sub("http"))
	f.watchdog(root.sub("watchdog"))
	api := root.sub("api")
	f.WorkerID = optional[string](api, "worker-id")
	f.Unused = append(f.Unused, api.unused()...)
	f.Retries, f.RetryPause = optional[int](root, "retries"), optional[int](root, "retry-pause")
	f.PrintTime, f.LogFile = optional[int](root, "print-time"), optional[string](root, "log-file")
	f.Colors = optional[bool](root, "colors")
	f.Unused = append(root.unused(), f.Unused...)
	slices.Sort(f.Unused)
	f.Unused = slices.Compact(f.Unused)
	if failure != nil {
		return nil, failure
	}
	return f, nil
}

// checkSyntax says in which line a text stops being JSON.
func checkSyntax(text []byte) error {
	var value any
	err := json.Unmarshal(text, &value)
	var mistake *json.SyntaxError
	if errors.As(err, &mistake) {
		line := 1 + bytes.Count(text[:min(int(mistake.Offset), len(text))], []byte{'\n'})
		return fmt.Errorf("line %d: %v", line, mistake)
	}
	return err
}

// optional takes a key that may be missing.
func optional[T any](s *section, key string) *T {
	v := new(T)
	if !s.take(key, v) {
		return nil
	}
	return v
}

func (f *File) cpu(s *section) {
	f.CPU = CPU{
		Enabled: optional[bool](s, "enabled"), HugePages: optional[bool](s, "huge-pages"),
		Threads: optional[int](s, "threads"), Lanes: optional[int](s, "lanes"),
	}
	f.Unused = append(f.Unused, s.unused()...)
}

func (f *File) http(s *section) {
	f.HTTP = HTTP{
		Enabled: optional[bool](s, "enabled"), Restricted: optional[bool](s, "restricted"),
		Host: optional[string](s, "host"), Token: optional[string](s, "access-token"), Port: optional[int](s, "port"),
	}
	f.Unused = append(f.Unused, s.unused()...)
}

func (f *File) watchdog(s *section) {
	f.Watchdog = Watchdog{
		HangTime: optional[int](s, "hang-time"), Reinits: optional[int](s, "reinits"),
		StopTemp: optional[float64](s, "temperature-stop"), ResumeTemp: optional[float64](s, "temperature-resume"),
		Command: optional[string](s, "command"), Exit: optional[bool](s, "exit"),
	}
	f.Unused = append(f.Unused, s.unused()...)
}

// pools takes the pools that are enabled.
func pools(root *section) []Pool {
	var list []json.RawMessage
	root.take("pools", &list)
	var out []Pool
	for i, raw := range list {
		s := newSection(fmt.Sprintf("pools[%d].", i), raw, root.err)
		var p Pool
		enabled := true
		for key, to := range map[string]any{
			"url": &p.URL, "user": &p.User, "pass": &p.Pass, "rig-id": &p.RigID, "algo": &p.Algo,
			"tls-fingerprint": &p.Fingerprint, "tls": &p.TLS, "keepalive": &p.Keepalive, "enabled": &enabled,
		} {
			s.take(key, to)
		}
		if enabled && p.URL != "" {
			out = append(out, p)
		}
	}
	return out
}
