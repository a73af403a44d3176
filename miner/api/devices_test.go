package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu/telemetry"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/watchdog"
)

// newRig is an API of a miner with two threads and two cards, the first of
// which has telemetry.
func newRig(t *testing.T) (url string, e *fakeEngine, sensors *telemetry.Snapshot) {
	t.Helper()
	sensors = &telemetry.Snapshot{Cards: []telemetry.State{{Reading: telemetry.Reading{
		Card: telemetry.Card{Source: "nvml", UUID: "GPU-1", Bus: "0000:01:00.0", Name: "Fake 9000"},
	}}}}
	v := &sensors.Cards[0].Values
	v.Set(telemetry.Temperature, telemetry.Core, 61)
	v.Set(telemetry.Power, "", 99.6)
	v.Set(telemetry.Clock, telemetry.Core, 1.41e9)
	v.Set(telemetry.Clock, telemetry.Memory, 7.001e9)
	v.Set(telemetry.FanSpeed, "0", 0.4)
	v.Set(telemetry.FanRPM, "0", 1432)
	v.Set(telemetry.FanSpeed, "1", 0.41)
	v.Set(telemetry.MemoryTotal, "", 8<<30)
	srv, e := newAPI(t, func(c *Config) { c.Telemetry = func() telemetry.Snapshot { return *sensors } })
	rates := func(r float64) miner.Rates {
		return miner.Rates{Recent: r, Short: miner.Rate{PerSecond: r, Known: true}}
	}
	e.snap.Workers = append(e.snap.Workers,
		miner.Worker{Hashes: 6, Rates: rates(2), Info: hash.SearcherInfo{Backend: "cpu", Device: "CPU 1", Impl: "avx2", Lanes: 2}},
		miner.Worker{Hashes: 1000, Rates: rates(996), Shares: miner.Shares{Accepted: 5, Invalid: 1},
			Info:  hash.SearcherInfo{Backend: "cuda", Device: "CUDA 0 Fake", Impl: "cuda", Lanes: 512, Bus: "0000:01:00.0"},
			Watch: &watchdog.Status{State: watchdog.Hot, Troubles: map[watchdog.Trouble]uint64{watchdog.Heat: 2}, Actions: map[watchdog.Action]uint64{watchdog.Pause: 2}}},
		miner.Worker{Hashes: 50, Rates: rates(5), Info: hash.SearcherInfo{Backend: "opencl", Device: "OpenCL 3 Old", Impl: "opencl", Lanes: 64}},
		miner.Worker{}, // not started yet
	)
	return srv.URL, e, sensors
}

func TestBackendsOfCards(t *testing.T) {
	url, e, sensors := newRig(t)
	_, body := ask(t, "GET", url+"/2/backends", "")
	require.JSONEq(t, `[
	 {"type":"cpu","enabled":true,"algo":"cn/r","profile":"cn/r","asm":"","hugepages":[1,2],"memory":4194304,
	  "hashrate":[null,null,null],"threads":[
	   {"intensity":2,"affinity":-1,"av":2,"hashrate":[12.34,null,null]},{"intensity":2,"affinity":-1,"av":2,"hashrate":[2,null,null]},
	   {"intensity":0,"affinity":-1,"av":0,"hashrate":[null,null,null]}]},
	 {"type":"cuda","enabled":true,"algo":"cn/r","profile":"cn/r","hashrate":[996,null,null],"threads":[
	   {"index":0,"intensity":512,"affinity":-1,"hashrate":[996,null,null],"name":"Fake 9000","bus_id":"01:00.0","global_mem":8589934592,
	    "health":{"temperature":61,"power":100,"clock":1410,"mem_clock":7001,"fan_speed":[40,41],"rpm":[1432]}}]},
	 {"type":"opencl","enabled":true,"algo":"cn/r","profile":"cn/r","hashrate":[5,null,null],"threads":[
	   {"index":0,"intensity":64,"affinity":-1,"hashrate":[5,null,null],"name":"OpenCL 3 Old","bus_id":null}]}]`, body)

	sensors.Cards[0].Stale = true
	_, body = ask(t, "GET", url+"/2/backends", "")
	require.NotContains(t, body, "health", "old readings are not shown as new")
	e.paused = true
	_, body = ask(t, "GET", url+"/2/backends", "")
	require.NotContains(t, body, "threads")
}

func TestDeviceMetrics(t *testing.T) {
	url, _, sensors := newRig(t)
	status, body := ask(t, "GET", url+"/metrics", "")
	require.Equal(t, http.StatusOK, status)
	const card, old, cpu = `backend="cuda",bus="0000:01:00.0",name="Fake 9000"`, `backend="opencl",bus="",name="OpenCL 3 Old"`, `backend="cpu",bus="",name="CPU"`
	for _, line := range []string{
		`adit_miner_device_hashes_total{` + card + `,uuid="GPU-1"} 1000`,
		`adit_miner_device_hashrate{` + card + `,uuid="GPU-1"} 996`,
		`adit_miner_device_hashes_per_joule{` + card + `,uuid="GPU-1"} 10`,
		`adit_miner_device_shares_total{` + card + `,result="accepted",uuid="GPU-1"} 5`,
		`adit_miner_device_shares_total{` + card + `,result="invalid",uuid="GPU-1"} 1`,
		`adit_miner_device_working{` + card + `,uuid="GPU-1"} 0`,
		`adit_miner_device_troubles_total{` + card + `,trouble="heat",uuid="GPU-1"} 2`,
		`adit_miner_device_troubles_total{` + card + `,trouble="hang",uuid="GPU-1"} 0`,
		`adit_miner_device_watchdog_actions_total{action="pause",` + card + `,uuid="GPU-1"} 2`,
		`adit_miner_device_hashrate{` + old + `,uuid=""} 5`,
		`adit_miner_device_hashes_total{` + cpu + `,uuid=""} 1240`,
		`adit_gpu_power_watts{bus="0000:01:00.0",name="Fake 9000",uuid="GPU-1"} 99.6`,
	} {
		require.Contains(t, body, "\n"+line+"\n")
	}
	require.Equal(t, 1, strings.Count(body, "adit_miner_device_hashes_per_joule{"), "only where the power is known")
	require.Equal(t, 1, strings.Count(body, "adit_miner_device_working{"), "only where there is a watchdog")

	sensors.Cards[0].Lost = true
	_, body = ask(t, "GET", url+"/metrics", "")
	require.NotContains(t, body, "hashes_per_joule{")
	require.Contains(t, body, `adit_miner_device_hashrate{`+card+`,uuid="GPU-1"} 996`, "a lost card is still the same device")
}

// TestOneCardTwice: two workers on one card are one device.
func TestOneCardTwice(t *testing.T) {
	url, e, _ := newRig(t)
	twin := e.snap.Workers[2]
	twin.Info.Device, twin.Watch = "CUDA 1 the same card", nil
	e.snap.Workers = append(e.snap.Workers, twin)
	status, body := ask(t, "GET", url+"/metrics", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `adit_miner_device_hashrate{backend="cuda",bus="0000:01:00.0",name="Fake 9000",uuid="GPU-1"} 1992`)
}
