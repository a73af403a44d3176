package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
)

const sample = `// made for XMRig
{
    "autosave": true, /* not
    used */
    "api": {"id": null, "worker-id": "rig7"},
    "http": {"enabled": true, "host": "127.0.0.1", "port": 8080, "access-token": null, "restricted": true},
    "cpu": {"enabled": false, "huge-pages": false, "asm": true, "threads": 3,},
    "opencl": {
        "enabled": true, "cache": true, "platform": "AMD",
        "cn/r": [{"index": 1, "intensity": 1920, "worksize": 8, "strided_index": [2, 1], "unroll": 8}],
        "cn": [{"index": 0, "memory-left": 512}, {"index": 2}],
        "cn-lite": "cn",
        "cn-heavy": false,
    },
    "cuda": {"enabled": true, "cn": [{"index": 0, "threads": 32, "blocks": 60, "bfactor": 6}, {"index": 1, "threads": 60, "blocks": 2}]},
    "pools": [
        {"url": "a:1", "user": "w//x, y", "pass": "\"q\\", "tls": true, "algo": "cn/r", "keepalive": true},
        {"url": "off:1", "enabled": false},
        {"url": "b:2", "user": null},
    ],
    "retries": 5, "retry-pause": 7, "print-time": 30, "log-file": "l", "colors": false,
    "watchdog": {"hang-time": 40, "reinits": 2, "temperature-stop": 85, "temperature-resume": 70.5, "command": "reboot", "exit": true},
}`

func TestParse(t *testing.T) {
	f, err := Parse([]byte(sample))
	require.NoError(t, err)
	require.Equal(t, []Pool{
		{URL: "a:1", User: "w//x, y", Pass: `"q\`, TLS: true, Algo: "cn/r", Keepalive: true}, {URL: "b:2"},
	}, f.Pools)
	require.Equal(t, CPU{Enabled: new(false), HugePages: new(false), Threads: new(3)}, f.CPU)
	require.Equal(t, HTTP{Enabled: new(true), Restricted: new(true), Host: new("127.0.0.1"), Port: new(8080)}, f.HTTP)
	require.Equal(t, Watchdog{
		HangTime: new(40), Reinits: new(2), StopTemp: new(85.0), ResumeTemp: new(70.5), Command: new("reboot"), Exit: new(true),
	}, f.Watchdog)
	require.Equal(t, []*int{new(5), new(7), new(30)}, []*int{f.Retries, f.RetryPause, f.PrintTime})
	require.Equal(t, []*string{new("rig7"), new("l")}, []*string{f.WorkerID, f.LogFile})
	require.Equal(t, new(false), f.Colors)
	require.Equal(t, []string{"api.id", "autosave", "cpu.asm", "cuda.cn[0].bfactor", "opencl.cache", "opencl.cn/r[0].strided_index", "opencl.platform"}, f.Unused)
}

func TestDevicesOfAnAlgorithm(t *testing.T) {
	f, err := Parse([]byte(sample))
	require.NoError(t, err)
	for _, c := range []struct {
		backend   *Backend
		algorithm string
		want      []Device
		known     bool
	}{
		{&f.OpenCL, "cn/r", []Device{{1, gpu.Options{Intensity: 1920, WorkSize: 8, Unroll: 8}}}, true},
		{&f.OpenCL, "cn/half", []Device{{0, gpu.Options{Leave: 512 << 20}}, {2, gpu.Options{}}}, true},
		{&f.OpenCL, "cn-lite/1", []Device{{0, gpu.Options{Leave: 512 << 20}}, {2, gpu.Options{}}}, true},
		{&f.OpenCL, "cn-heavy/0", nil, true},
		{&f.OpenCL, "eaglesong", nil, false},
		{&f.CUDA, "cn/0", []Device{{0, gpu.Options{Intensity: 1920, WorkSize: 32}}, {1, gpu.Options{Intensity: 120}}}, true},
	} {
		got, known, err := c.backend.Devices(c.algorithm)
		require.NoError(t, err)
		require.Equal(t, c.known, known, c.algorithm)
		require.Equal(t, c.want, got, c.algorithm)
	}
	f, err = Parse([]byte(`{"opencl": {"cn": "cn/r", "cn/r": "cn", "cn-pico": "cn/x", "*": [{"index": 4}]}}`))
	require.NoError(t, err)
	_, _, err = f.OpenCL.Devices("cn/0")
	require.ErrorContains(t, err, "leads to itself")
	_, _, err = f.OpenCL.Devices("cn-pico")
	require.EqualError(t, err, `profile "cn-pico" is like "cn/x", which there is not`)
	got, _, err := f.OpenCL.Devices("eaglesong")
	require.NoError(t, err)
	require.Equal(t, []Device{{Index: 4}}, got)
}

func TestMistakesAreExplained(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "line 1: unexpected end of JSON input",
		"{\n\n  \"a\": 1,, }":      "line 3: invalid character '}'",
		"[1]":                      "the whole: want an object in braces",
		`{"retries": "five"}`:      "retries: want a whole number, got a JSON string",
		`{"retries": 1.5}`:         "retries: want a whole number, got a JSON number 1.5",
		`{"cpu": 7}`:               "cpu: want an object in braces",
		`{"pools": {}}`:            "pools: want a list in brackets, got a JSON object",
		`{"pools": [{"url":1}]}`:   "pools[0].url: want a text in quotes, got a JSON number",
		`{"opencl": {"cn": 3}}`:    "opencl.cn: want a list of devices, the name of another profile, or false",
		`{"opencl": {"cn": true}}`: "opencl.cn: want a list of devices",
		`{"opencl": {"cn": []}}`:   "opencl.cn: want a list of devices",
		`{"opencl": {"cn": [{"index": 0, "intensity": -4}]}}`:          "opencl.cn[0]: intensity -4: it is a number of nonces",
		`{"opencl": {"cn": [{"index": 0, "worksize": 48}]}}`:           "opencl.cn[0]: work size 48: it is a power of two",
		`{"opencl": {"cn": [{"index": 0, "intensity": true}]}}`:        "opencl.cn[0].intensity: want a whole number, got a JSON bool",
		`{"opencl": {"cn": [{"intensity": 8}]}}`:                       "opencl.cn[0].index: devices count from 0",
		`{"cuda": {"cn": [{"index": 1}, {"index": 1}]}}`:               "cuda.cn[1].index: device 1 is listed twice",
		`{"cuda": {"cn": [{"index": 1, "threads": -8, "blocks": 1}]}}`: "cuda.cn[0].threads: threads and blocks are numbers from 0",
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, want, text)
	}
	_, err := Parse(make([]byte, maxSize+1))
	require.ErrorContains(t, err, "too many")
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	_, err := Read(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("{]"), 0o600))
	_, err = Read(path)
	require.ErrorContains(t, err, path+": line 1: ")
}

// TestTheDocumentedFile reads the example of the documentation: every key of it
// means something.
func TestTheDocumentedFile(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "mining.md"))
	require.NoError(t, err)
	_, example, found := strings.Cut(string(page), "```jsonc\n")
	require.True(t, found)
	example, _, found = strings.Cut(example, "```")
	require.True(t, found)
	f, err := Parse([]byte(example))
	require.NoError(t, err)
	require.Empty(t, f.Unused)
	devices, known, err := f.OpenCL.Devices("cn/half")
	require.NoError(t, err)
	require.True(t, known)
	require.Equal(t, []Device{{0, gpu.Options{Intensity: 1024, WorkSize: 16, Unroll: 4, Leave: 512 << 20}}}, devices)
}

func TestRelax(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,}`:         `{"a":1 }`,
		"[1, // x,]\n 2,]": "[1,       \n 2 ]",
		`["// ,]", 1]`:     `["// ,]", 1]`,
		`/**/[/*]*/]`:      `    [     ]`,
		`["\",]"]`:         `["\",]"]`,
		`[1/`:              `[1/`,
		`["`:               `["`,
	} {
		require.Equal(t, want, string(relax([]byte(in))))
	}
}

// FuzzParse checks that nothing hostile gets through: a file is refused, or
// what it says about devices holds.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"opencl": {"cn": "cn"}}`))
	f.Add([]byte("/*"))
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := Parse(text)
		if err != nil {
			return
		}
		for _, b := range []*Backend{&file.OpenCL, &file.CUDA} {
			for name := range b.profiles {
				devices, _, err := b.Devices(name)
				if err != nil {
					continue
				}
				for _, d := range devices {
					require.NoError(t, d.Options.Check())
					require.GreaterOrEqual(t, d.Index, 0)
				}
			}
		}
	})
}
