package bench

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// sample is a report with a row for each rate.
func sample(rates map[string]float64) *Report {
	r := &Report{
		Schema: Schema, Time: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Adit:    Build{"0.1.0", "rev 1", "go1.26", "linux", "amd64"},
		Machine: Machine{"A processor", 16, 8},
		Devices: []Device{{ID: "opencl:0", Kind: "gpu", Name: "A card", Driver: "1.2", Memory: 8 << 30, Units: 40}},
		Rows:    []Row{}, Skipped: []Skip{{What: "back end", Device: "cuda", Why: "no driver"}},
	}
	for _, algo := range []string{"cn/r", "cn/2", "eaglesong"} {
		if rate, ok := rates[algo]; ok {
			row := Row{Device: "opencl:0", Algo: algo, Settings: map[string]int{"intensity": 512}, Origin: "default"}
			row.Put(&Result{Rate: NewRate([]float64{rate * 0.99, rate, rate, rate, rate, rate * 1.01}), Watts: new(100.0)}, nil)
			r.Rows = append(r.Rows, row)
		}
	}
	return r
}

func TestReportRoundTrip(t *testing.T) {
	want := sample(map[string]float64{"cn/r": 1000, "eaglesong": 1e9})
	want.Checks = []Check{{Device: "opencl:0", Algo: "cn/r", Name: "vectors", Hashes: 3}}
	var text bytes.Buffer
	require.NoError(t, want.Write(&text))
	require.Contains(t, text.String(), `"hashes_per_joule": 10,`)
	got, err := Read(&text)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Empty(t, got.Failures())
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "reading a report",
		"[]":                        "reading a report",
		"{}":                        `schema is ""`,
		`{"schema":"adit-bench/2"}`: `schema is "adit-bench/2"`,
		`{"schema":"adit-bench/1","rows":[{"rate":{"median":-1}}]}`:                              "out of order",
		`{"schema":"adit-bench/1","rows":[{"rate":{"median":1,"low":2,"high":3}}]}`:              "out of order",
		`{"schema":"adit-bench/1","rows":[{"rate":{"median":1,"low":1}}]}`:                       "one end",
		`{"schema":"adit-bench/1","rows":[{"device":"a","algo":"b"},{"device":"a","algo":"b"}]}`: "a b comes twice",
		`{"schema":"adit-bench/1","rows":[{"rate":{"median":1e999}}]}`:                           "reading a report",
		`{"schema":"adit-bench/1","rows":"` + strings.Repeat("x", maxReport) + `"}`:              "longer than",
	} {
		_, err := Read(strings.NewReader(text))
		require.ErrorContains(t, err, want, text[:min(80, len(text))])
	}
}

func TestFailuresAreNamed(t *testing.T) {
	r := sample(map[string]float64{"cn/r": 1000})
	r.Rows[0].Put(&Result{Hits: Hits{Wrong: 2, Verified: 3}}, nil)
	r.Rows = append(r.Rows, Row{Device: "cuda:1", Algo: "cn/2"})
	r.Rows[1].Put(&Result{}, errors.New("out of memory"))
	r.Checks = []Check{{Device: "cuda:1", Algo: "cn/2", Name: "vectors", Error: "the digest is wrong"}}
	require.Equal(t, []string{
		"cuda:1 cn/2, vectors: the digest is wrong",
		"opencl:0 cn/r: 2 of 5 hits are wrong: do not mine with this",
		"cuda:1 cn/2: out of memory",
	}, r.Failures())
}

func TestCompare(t *testing.T) {
	old := sample(map[string]float64{"cn/r": 1000, "cn/2": 2000})
	now := sample(map[string]float64{"cn/r": 900, "eaglesong": 5})
	now.Devices[0].Name = "Another card"
	c := Compare(old, now)
	require.Equal(t, []string{"opencl:0 cn/2"}, c.Lost)
	require.Equal(t, []string{"opencl:0 eaglesong"}, c.New)
	require.Len(t, c.Ratios, 1)
	r := c.Ratios[0]
	require.Equal(t, "A card", r.OldName)
	require.Equal(t, "Another card", r.NewName)
	require.InEpsilon(t, 0.9, r.Ratio, 1e-9)
	require.InEpsilon(t, 0.9*0.99/1.01, *r.Low, 1e-9)
	require.InEpsilon(t, 0.9*1.01/0.99, *r.High, 1e-9)
	require.Len(t, c.Slower(0.05), 1)
	require.Empty(t, c.Slower(0.15))
	require.Equal(t, "opencl:0 cn/r at 0.90 of the old rate", r.String())
}

// A difference within the intervals is none; rows without them count as they
// are; rows that failed are absent.
func TestSlowerThanNoise(t *testing.T) {
	old, now := sample(map[string]float64{"cn/r": 1000}), sample(map[string]float64{"cn/r": 990})
	c := Compare(old, now)
	require.Empty(t, c.Slower(0), "0.99 is within 0.97 to 1.01")
	now.Rows[0].Rate.Low, now.Rows[0].Rate.High = nil, nil
	c = Compare(old, now)
	require.Nil(t, c.Ratios[0].Low)
	require.Len(t, c.Slower(0), 1)
	now.Rows[0].Error = "broken"
	c = Compare(old, now)
	require.Empty(t, c.Ratios)
	require.Equal(t, []string{"opencl:0 cn/r"}, c.Lost)
}

// Whatever is read can be written, read again and compared.
func FuzzRead(f *testing.F) {
	var text bytes.Buffer
	_ = sample(map[string]float64{"cn/r": 1000}).Write(&text)
	f.Add(text.Bytes())
	f.Add([]byte(`{"schema":"adit-bench/1","rows":[{"rate":{"median":1,"low":0,"high":3}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var again bytes.Buffer
		require.NoError(t, r.Write(&again))
		second, err := Read(&again)
		require.NoError(t, err)
		c := Compare(r, second)
		require.Empty(t, c.New)
		require.Empty(t, c.Lost)
		require.Empty(t, c.Slower(0))
		_ = second.Failures()
	})
}
