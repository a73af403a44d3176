package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"

	"github.com/spf13/pflag"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/api"
	"github.com/aditmine/adit/miner/plain"
)

// apiFlags are the flags of the miner's HTTP API. They are XMRig's.
type apiFlags struct {
	host, token, workerID string
	port                  int
	control               bool
}

// apiOff is the port that stands for no API.
const apiOff = -1

func (f *apiFlags) define(fl *pflag.FlagSet) {
	fl.IntVar(&f.port, "http-port", apiOff, "serve XMRig's HTTP API and /metrics on this `port`, 0 for any free one (default: no API)")
	fl.StringVar(&f.host, "http-host", "127.0.0.1", "`address` of the HTTP API")
	fl.StringVar(&f.token, "http-access-token", "", "`token` that clients of the HTTP API must send")
	fl.BoolVar(&f.control, "http-no-restricted", false, "let clients of the HTTP API pause, resume and stop the miner (needs --http-access-token)")
	fl.StringVar(&f.workerID, "api-worker-id", "", "`name` of this miner in the HTTP API (default: the machine's)")
}

// check says what is wrong with the flags.
func (f *apiFlags) check() error {
	switch {
	case f.port < apiOff || f.port > 65535:
		return usagef("--http-port %d: want a number from 0 to 65535", f.port)
	case f.port == apiOff && (f.token != "" || f.control):
		return usagef("--http-access-token and --http-no-restricted need --http-port")
	case f.control && f.token == "":
		return usagef("--http-no-restricted needs --http-access-token: any web page could command the miner through a browser")
	}
	return nil
}

// mineWithAPI runs the engine, and beside it the API where one is asked for.
func (f *mineFlags) mineWithAPI(ctx context.Context, p *minePlan, view minerView, engine *miner.Engine) error {
	if f.api.port == apiOff {
		return view.run(ctx, engine)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	cfg := f.apiConfig(p, engine, stop)
	cfg.Telemetry = view.sensors
	handler, err := api.NewHandler(cfg)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", net.JoinHostPort(f.api.host, strconv.Itoa(f.api.port)))
	if err != nil {
		return fmt.Errorf("opening the HTTP API: %w", err)
	}
	view.banner = append(view.banner, plain.Row{Label: "HTTP API", Value: "http://" + l.Addr().String()})
	serving, end := context.WithCancel(context.WithoutCancel(ctx))
	served := make(chan error, 1)
	go func() { served <- api.Serve(serving, l, handler) }()
	err = view.run(ctx, engine)
	end()
	return errors.Join(err, <-served)
}

func (f *mineFlags) apiConfig(p *minePlan, engine *miner.Engine, stop func()) api.Config {
	name := f.api.workerID
	if name == "" {
		name, _ = os.Hostname() // a machine without a name has an empty one
	}
	sum := sha256.Sum256([]byte(name))
	return api.Config{
		Engine: engine, ID: hex.EncodeToString(sum[:8]), WorkerID: name, Version: version, Agent: agent(),
		CPU: cpu.Model(), Threads: runtime.NumCPU(), Algorithms: sameDialect(p.algorithm),
		Token: f.api.token, Control: f.api.control, Stop: stop, Settings: f.settings(p),
		System: func() api.System { return api.ReadSystem(os.DirFS("/proc"), os.Getpagesize()) },
	}
}

// settings are the command line in the shape of XMRig's configuration, without
// passwords and the token.
func (f *mineFlags) settings(p *minePlan) map[string]any {
	pools := make([]map[string]any, len(p.endpoints))
	for i, e := range p.endpoints {
		pools[i] = map[string]any{"url": e.Host, "user": e.User, "rig-id": orNil(e.RigID), "algo": algorithmName(p.algorithm),
			"tls": e.TLS, "tls-fingerprint": orNil(e.Fingerprint), "keepalive": e.Keepalive, "enabled": true}
	}
	return map[string]any{
		"http":  map[string]any{"enabled": true, "host": f.api.host, "port": f.api.port, "access-token": nil, "restricted": !f.api.control},
		"pools": pools, "retries": f.retries, "retry-pause": f.pause, "print-time": f.printTime, "donate-level": 0,
		"cpu": map[string]any{"enabled": p.setting.threads > 0, "threads": p.setting.threads, "lanes": p.setting.lanes},
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// algorithmName is null for an algorithm that the pool names.
func algorithmName(a *hash.Algorithm) any {
	if a == nil {
		return nil
	}
	return a.Name
}

// agent names the program to pools and dashboards.
func agent() string { return fmt.Sprintf("adit/%s (%s; %s)", version, runtime.GOOS, runtime.GOARCH) }
