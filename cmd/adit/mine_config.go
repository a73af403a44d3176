package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"github.com/aditmine/adit/miner/config"
)

// readConfig reads the configuration file, if there is one, and lets it decide
// what the command line does not.
func (f *mineFlags) readConfig(fl *pflag.FlagSet, out io.Writer) error {
	f.file = &config.File{}
	if f.configPath == "" {
		return nil
	}
	file, err := config.Read(f.configPath)
	if err != nil {
		return usagef("%v", err)
	}
	f.file, f.pools.file = file, file.Pools
	if len(file.Unused) > 0 {
		fmt.Fprintf(out, "%s: not used by adit: %s\n", f.configPath, strings.Join(file.Unused, ", "))
	}
	if err := f.adoptAlgorithm(); err != nil {
		return err
	}
	return adoptSettings(fl, f.configPath, fileSettings(file))
}

// adoptAlgorithm takes the algorithm from the file's pools.
func (f *mineFlags) adoptAlgorithm() error {
	if f.algo != "" || len(f.pools.urls) > 0 {
		return nil
	}
	for _, p := range f.file.Pools {
		if f.algo != "" && p.Algo != f.algo {
			return usagef("%s: its pools name different algorithms: decide with -a", f.configPath)
		}
		f.algo = p.Algo
	}
	return nil
}

// setting is what a file says in place of a flag. A nil value says nothing.
type setting struct {
	flag  string
	value any
}

// adoptSettings sets the flags that the command line does not have.
func adoptSettings(fl *pflag.FlagSet, path string, settings []setting) error {
	for _, s := range settings {
		if s.value == nil || fl.Changed(s.flag) {
			continue
		}
		if err := fl.Set(s.flag, fmt.Sprint(s.value)); err != nil {
			return usagef("%s: %s: %v", path, s.flag, err)
		}
	}
	return nil
}

// fileSettings are a file's settings by the flags they stand for.
func fileSettings(file *config.File) []setting {
	w := &file.Watchdog
	list := []setting{
		{"retries", given(file.Retries)}, {"retry-pause", given(file.RetryPause)},
		{"print-time", given(file.PrintTime)}, {"log-file", given(file.LogFile)},
		{"no-color", not(file.Colors)}, {"api-worker-id", given(file.WorkerID)},
		{"no-cpu", not(file.CPU.Enabled)}, {"no-huge-pages", not(file.CPU.HugePages)},
		{"threads", given(file.CPU.Threads)}, {"lanes", given(file.CPU.Lanes)},
		{"opencl", given(file.OpenCL.Enabled)}, {"cuda", given(file.CUDA.Enabled)},
		{"watchdog-hang", given(w.HangTime)}, {"watchdog-reinits", given(w.Reinits)},
		{"watchdog-command", given(w.Command)}, {"watchdog-exit", given(w.Exit)},
		{"gpu-temp-stop", given(w.StopTemp)}, {"gpu-temp-resume", given(w.ResumeTemp)},
	}
	if http := &file.HTTP; http.Enabled != nil && *http.Enabled {
		list = append(list, setting{"http-port", given(http.Port)}, setting{"http-host", given(http.Host)},
			setting{"http-access-token", given(http.Token)}, setting{"http-no-restricted", not(http.Restricted)})
	}
	return list
}

// given is a value that may be missing.
func given[T any](v *T) any {
	if v == nil {
		return nil
	}
	return *v
}

// not is the opposite of a value that may be missing.
func not(v *bool) any {
	if v == nil {
		return nil
	}
	return !*v
}
