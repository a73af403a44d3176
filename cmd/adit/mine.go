package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
	"github.com/aditmine/adit/hash/cpu/topology"
	"github.com/aditmine/adit/hash/cpu/tune"
	"github.com/aditmine/adit/miner"
	"github.com/aditmine/adit/miner/config"
	"github.com/aditmine/adit/miner/plain"
	"github.com/aditmine/adit/stratumclient"
)

const mineLong = `Mine the CryptoNight family or Eaglesong on a pool.

The flags are XMRig's. On a terminal a dashboard is shown (press ? in it for
its keys); elsewhere, or with --no-tui, plain lines are printed. adit takes no
fee. The first shares of each thread, and some later ones, are hashed again by a
second implementation after they were sent; one that differs is reported, and
that thread's shares are then checked before.

Several pools: give -o more than once. The first that answers is used, and left
again as soon as one before it has come back. A pool that fails is tried -r
times, -R seconds apart, before the next one is (XMRig pauses for 5 seconds);
when none answers, adit keeps trying, with growing random pauses. The Nth -u,
-p, -O, --rig-id and --tls-fingerprint belongs to the Nth -o; one given once
belongs to all pools. --tls encrypts the connection to all of them,
stratum+ssl:// to one.

TLS certificates are checked against the system's authorities, or against
--tls-fingerprint alone where that is given.

GPUs: --opencl and --cuda use all of them, --opencl-devices and --cuda-devices
those of the numbers that 'adit devices' shows. What is asked for and is not
there is named, and adit mines with the rest. A watchdog guards each GPU: after
errors, batches that take far too long, a driver that does not answer, or wrong
results it starts the batch again, then opens the GPU anew, and at last drops it;
the others go on.

Exit status: 0 when stopped or done, 1 when mining cannot go on, 2 for a
mistake on the command line or in the configuration, 42 when all that mined were
GPUs and the last was dropped (with --watchdog-exit, when the first was).`

const mineExample = `  # all processors, dashboard
  adit mine -o pool.example.org:3333 -u WALLET -a cn/r

  # two threads, encrypted, plain lines, speed every 10 seconds
  adit mine -o stratum+ssl://pool.example.org:443 -u WALLET -p rig1 -a cn/half -t 2 --no-tui --print-time 10

  # a backup pool with a login of its own; stop after 100 accepted shares
  adit mine -o a.example.org:3333 -u WALLET -o b.example.org:3333 -u OTHER -a eaglesong --shares 100

  # the GPUs alone, which stop at 85 degrees; one that fails restarts the service
  adit mine -o pool.example.org:3333 -u WALLET -a eaglesong --cuda --opencl --no-cpu --gpu-temp-stop 85 --watchdog-exit

  # everything from a file
  adit mine -c config.json

  # see what would be done
  adit mine -o 127.0.0.1:3333 -u WALLET -a cn-pico --dry-run`

// mineFlags is the command line of adit mine.
type mineFlags struct {
	configPath              string
	file                    *config.File // empty without a path
	pools                   poolFlags
	gpu                     gpuFlags
	watchdog                watchdogFlags
	backends                []gpuBackend
	api                     apiFlags
	algo                    string
	threads, retries, pause int
	printTime               int
	shares                  uint64
	affinity                string
	logFile                 string
	noColor, noTUI, ascii   bool
	lanes                   int
	noTune, noHugePages     bool
	dryRun                  bool
	donate                  int
}

func newMineCmd() *cobra.Command { return mineCmd(gpuBackends()) }

// mineCmd is the command for a machine with these ways to reach devices.
func mineCmd(backends []gpuBackend) *cobra.Command {
	f := mineFlags{backends: backends}
	cmd := &cobra.Command{
		Use:     "mine -o POOL -u WALLET [-a ALGORITHM]",
		Short:   "Mine on a pool",
		Long:    mineLong,
		Example: mineExample,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.define(cmd)
	return cmd
}

func (f *mineFlags) define(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVarP(&f.configPath, "config", "c", "", "read settings from this `file`, which has the shape of XMRig's config.json; flags come before it")
	fl.StringArrayVarP(&f.pools.urls, "url", "o", nil, "pool `address`: host:port, stratum+tcp:// or stratum+ssl://")
	fl.StringArrayVarP(&f.pools.users, "user", "u", nil, "user `name` at the pool, mostly the wallet address")
	fl.StringArrayVarP(&f.pools.passes, "pass", "p", nil, "`password` at the pool, mostly x or a worker name")
	fl.StringArrayVarP(&f.pools.userPass, "userpass", "O", nil, "`user:password` in one, instead of -u and -p")
	fl.StringArrayVar(&f.pools.rigIDs, "rig-id", nil, "rig `name` for the pool's statistics")
	fl.StringVarP(&f.algo, "algo", "a", "", "`algorithm` to mine, such as cn/r or eaglesong (default: what the jobs of a CryptoNote pool name)")
	fl.IntVarP(&f.threads, "threads", "t", 0, "`number` of threads (default: what tuning finds best)")
	fl.IntVar(&f.lanes, "lanes", 0, "`number` of hashes that one thread computes at once (default: what tuning finds best)")
	fl.BoolVar(&f.noTune, "no-tune", false, "measure nothing at the start; see 'adit tune --help'")
	fl.BoolVar(&f.noHugePages, "no-huge-pages", false, "keep the scratchpads in plain pages")
	f.gpu.define(fl)
	f.watchdog.define(fl)
	fl.BoolVar(&f.pools.tls, "tls", false, "encrypt the connection")
	fl.StringArrayVar(&f.pools.fingerprints, "tls-fingerprint", nil, "accept only the certificate with this SHA-256 `hash`, in hex; implies --tls")
	fl.BoolVarP(&f.pools.keepalive, "keepalive", "k", false, "send keepalive messages when idle (needs a pool that knows them)")
	fl.IntVarP(&f.retries, "retries", "r", 5, "`number` of attempts at a pool before the next one is tried")
	fl.IntVarP(&f.pause, "retry-pause", "R", 1, "pause between those attempts, in `seconds`; later it doubles up to a minute")
	fl.Uint64Var(&f.shares, "shares", 0, "stop after this `number` of accepted shares (default: never)")
	fl.IntVar(&f.printTime, "print-time", 60, "`seconds` between two lines with the hash rate, 0 for none")
	fl.StringVarP(&f.logFile, "log-file", "l", "", "also write the lines to this `file`")
	fl.StringVar(&f.affinity, "cpu-affinity", "", "processors to pin the threads to, as a hex `mask` such as 0x3 (default: each thread to a core of its own; 0 for none)")
	fl.BoolVar(&f.noTUI, "no-tui", false, "print lines instead of the dashboard")
	fl.BoolVar(&f.noColor, "no-color", false, "use no colours (NO_COLOR is obeyed as well)")
	fl.BoolVar(&f.ascii, "ascii", false, "draw the dashboard with ASCII characters only")
	f.api.define(fl)
	fl.IntVar(&f.donate, "donate-level", 0, "taken for XMRig's sake and ignored: adit takes no fee")
	fl.BoolVar(&f.dryRun, "dry-run", false, "check the command line, say what would be done, and end")
}

// minePlan is the command line understood.
type minePlan struct {
	algorithm *hash.Algorithm // nil leaves it to a CryptoNote pool
	endpoints []stratumclient.Endpoint
	setting   cpuSetting
	tuned     bool // setting needs no measuring
	cards     []card
	notes     []string // what was asked for and is not there
	cpus      []int    // to pin to; empty is no pinning, nil the default
}

// plan checks the command line.
func (f *mineFlags) plan() (*minePlan, error) {
	p := &minePlan{}
	var err error
	if f.algo != "" {
		if p.algorithm, err = parseAlgorithm(f.algo); err != nil {
			return nil, err
		}
	} else if f.gpu.any() {
		return nil, usagef("--opencl and --cuda need -a: name the algorithm to mine")
	}
	if p.endpoints, err = f.pools.endpoints(p.algorithm); err != nil {
		return nil, err
	}
	if err := errors.Join(f.api.check(), f.watchdog.check()); err != nil {
		return nil, err
	}
	for _, n := range []struct {
		flag       string
		value, top int
	}{{"-t", f.threads, 1024}, {"--lanes", f.lanes, maxLanes}, {"-r", f.retries, 1 << 30}, {"-R", f.pause, 3600}, {"--print-time", f.printTime, 86400}} {
		if n.value < 0 || n.value > n.top {
			return nil, usagef("%s %d: want a number from 0 to %d", n.flag, n.value, n.top)
		}
	}
	p.setting, p.tuned = fixedSetting(f.threads, f.lanes), true
	if p.algorithm != nil {
		p.setting, p.tuned = savedSetting(p.algorithm, f.threads, f.lanes)
	}
	choice, err := f.gpu.choose(f.backends, p.algorithm, f.file)
	if err != nil {
		return nil, err
	}
	p.cards, p.notes = choice.cards, choice.notes
	if f.gpu.noCPU {
		p.setting, p.tuned = cpuSetting{}, true
	}
	if p.cpus, err = parseAffinity(f.affinity); err != nil {
		return nil, err
	}
	return p, nil
}

// parseAffinity lists the processors of a hex mask: nil for "", none for 0.
func parseAffinity(mask string) ([]int, error) {
	if mask == "" {
		return nil, nil
	}
	m, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(mask), "0x"), 16, 64)
	if err != nil {
		return nil, usagef("--cpu-affinity %q: want a hex mask of processors, such as 0x3 for the first two, or 0 for no pinning", mask)
	}
	cpus := []int{}
	for ; m != 0; m &= m - 1 {
		cpus = append(cpus, bits.TrailingZeros64(m))
	}
	return cpus, nil
}

func (f *mineFlags) run(cmd *cobra.Command) error {
	if err := f.readConfig(cmd.Flags(), cmd.ErrOrStderr()); err != nil {
		return err
	}
	p, err := f.plan()
	if err != nil {
		return err
	}
	if f.noHugePages {
		if err := os.Setenv(hash.HugePagesEnv, "off"); err != nil {
			return fmt.Errorf("--no-huge-pages: %w", err)
		}
	}
	if f.donate != 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), "--donate-level is ignored: adit takes no fee")
	}
	client, err := f.client(p)
	if err != nil {
		return usagef("%v", err)
	}
	if !p.tuned && !f.noTune && !f.dryRun {
		if err := f.tune(cmd, p); err != nil {
			return err
		}
	}
	view := f.view(cmd, p)
	if f.dryRun {
		if err := plain.Banner(view.stdout, view.color(), view.banner); err != nil {
			return err
		}
		_, err := fmt.Fprintln(view.stdout, "OK")
		return err
	}
	if p.cpus == nil {
		p.cpus = defaultPinning(p.setting.threads)
	}
	leaveRoom(p.setting.threads)
	deps := minerDeps(client, f.lanesFor(p), p.cpus)
	sensors := newSensors(p.cards)
	view.sensors = sensors.source()
	f.watchdog.addCards(&deps, p.setting.threads, p.cards, sensors, cmd.ErrOrStderr())
	engine, err := miner.New(miner.Config{
		Algorithm: p.algorithm, Workers: p.setting.threads + len(p.cards), Goal: f.shares, Dialect: string(stratumclient.DialectOf(p.algorithm)),
		EndOnDrop: f.watchdog.exit, Notes: p.notes,
	}, deps)
	if err != nil {
		return err
	}
	defer sensors.start(cmd.Context())()
	return exitFor(f.mineWithAPI(cmd.Context(), p, view, engine))
}

// tune measures what the command line leaves open, once for each machine.
func (f *mineFlags) tune(cmd *cobra.Command, p *minePlan) error {
	out := cmd.ErrOrStderr()
	fmt.Fprintf(out, "measuring how %s runs fastest here, for about ten seconds (once; --no-tune skips it)\n", p.algorithm.Name)
	best, err := measureSetting(cmd.Context(), f.threads, tune.Options{Algorithm: p.algorithm})
	if best.Threads == 0 {
		return err
	}
	if err != nil {
		fmt.Fprintln(out, err)
	}
	p.setting = cpuSetting{best.Threads, best.Lanes, "tuned: " + formatRate(best.Rate)}
	return nil
}

// defaultPinning gives each thread a processor of its own, different cores
// first, where there are enough and the process may use them fully.
func defaultPinning(threads int) []int {
	t := topology.Detect()
	if !t.Whole || threads > len(t.Processors) {
		return nil
	}
	return t.Processors[:threads]
}

// leaveRoom lets the runtime run what is not hashing beside the threads that
// hash: the system then takes a processor from one of those for the moment
// that a share needs to be sent, without waiting for its turn to end.
func leaveRoom(threads int) {
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), threads+2))
}

// lanesFor says how many lanes to use, also for algorithms that the pool may
// change to.
func (f *mineFlags) lanesFor(p *minePlan) func(*hash.Algorithm) int {
	return func(a *hash.Algorithm) int {
		if a == p.algorithm {
			return p.setting.lanes
		}
		saved, _ := savedSetting(a, f.threads, f.lanes)
		return saved.lanes
	}
}

// client makes the client for the pools; nothing is connected yet.
func (f *mineFlags) client(p *minePlan) (*stratumclient.Client, error) {
	pause := time.Duration(f.pause) * time.Second
	return stratumclient.New(stratumclient.Config{
		Settings: stratumclient.Settings{
			Agent:      agent(),
			Algorithms: sameDialect(p.algorithm),
		},
		Endpoints: p.endpoints,
		Retry:     stratumclient.Retry{Attempts: f.retries, Pause: pause, First: pause, Most: max(pause, time.Minute)},
	})
}

// sameDialect lists the algorithms whose pools speak like those of a: a pool
// may switch among them.
func sameDialect(a *hash.Algorithm) []*hash.Algorithm {
	return slices.DeleteFunc(hash.All(), func(b *hash.Algorithm) bool {
		return stratumclient.DialectOf(a) != stratumclient.DialectOf(b)
	})
}

// minerDeps equips an engine with this machine's processors. No lanes is every
// implementation's default.
func minerDeps(client miner.Client, lanes func(*hash.Algorithm) int, cpus []int) miner.Deps {
	deps := miner.Deps{
		Client: client,
		NewSearcher: func(i int) (hash.Searcher, error) {
			return cpu.NewSearcher(cpu.SearcherOptions{Index: i, Lanes: lanes})
		},
		NewHasher: checkingHasher,
		Rand:      rand.Reader,
	}
	if len(cpus) > 0 {
		deps.Pin = func(i int) error { return topology.Pin(cpus[i%len(cpus)]) }
	}
	return deps
}

// checkingHasher makes the hasher that hits are checked with: the plainest
// implementation there is, the one the searchers use last.
func checkingHasher(a *hash.Algorithm) (hash.Hasher, error) {
	impls := cpu.Implementations(a)
	for i := len(impls) - 1; i >= 0; i-- {
		if impls[i].Available {
			return impls[i].New(0)
		}
	}
	return nil, fmt.Errorf("no implementation of %s runs on this processor", a.Name)
}

// view says how the engine is to be shown.
func (f *mineFlags) view(cmd *cobra.Command, p *minePlan) minerView {
	v := newMinerView(cmd)
	v.noTUI, v.noColor, v.ascii = f.noTUI, f.noColor, f.ascii
	v.speedEvery = time.Duration(f.printTime) * time.Second
	v.logFile = f.logFile
	v.banner = f.banner(p)
	return v
}

func (f *mineFlags) banner(p *minePlan) []plain.Row {
	rows := []plain.Row{
		{Label: "ABOUT", Value: fmt.Sprintf("adit/%s %s %s/%s", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)},
		{Label: "ALGO", Value: describeAlgorithm(p.algorithm)},
		{Label: "THREADS", Value: describeSetting(p)},
	}
	rows = append(rows, cardRows(p)...)
	for i, e := range p.endpoints {
		secured := ""
		if e.TLS {
			secured = " TLS"
		}
		rows = append(rows, plain.Row{Label: fmt.Sprintf("POOL #%d", i+1), Value: e.Host + secured})
	}
	rows = append(rows, plain.Row{Label: "DONATE", Value: "0 %, there is no fee"})
	return rows
}

// describeSetting says with what the processor searches.
func describeSetting(p *minePlan) string {
	if p.setting.threads == 0 {
		return "none"
	}
	lanes := "each with its usual number of lanes"
	if p.setting.lanes > 0 {
		lanes = fmt.Sprintf("each with %d lanes", p.setting.lanes)
	}
	return fmt.Sprintf("%d on %d processors, %s (%s)", p.setting.threads, runtime.NumCPU(), lanes, p.setting.origin)
}

// describeAlgorithm is an algorithm's name and the memory of one hash.
func describeAlgorithm(a *hash.Algorithm) string {
	if a == nil {
		return "what the pool's jobs name (CryptoNight family)"
	}
	if a.Scratchpad == 0 {
		return a.Name
	}
	return fmt.Sprintf("%s, %d KiB for each lane", a.Name, a.Scratchpad/1024)
}
