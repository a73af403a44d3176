package conform

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func ids(checks []Check) []string {
	var out []string
	for _, c := range checks {
		out = append(out, c.ID)
	}
	return out
}

func TestSelection(t *testing.T) {
	all := Catalogue()
	for _, row := range []struct {
		sel     Selection
		profile Profile
		want    int
	}{
		{Selection{Selectors: []string{"CN-SUB-07"}}, CN, 1},
		{Selection{Selectors: []string{"cn-sub-07"}}, CN, 1},
		{Selection{Selectors: []string{"CN-SUB"}}, CN, 25},
		{Selection{Selectors: []string{"CN-SUB-0"}}, CN, -1}, // no section ends there
		{Selection{Selectors: []string{"CN"}}, Both, 67},
		{Selection{Selectors: []string{"CN"}}, CKB, 0},
		{Selection{Selectors: []string{"all"}}, CKB, 38 + 77},
		{Selection{Selectors: []string{"CN-SUB"}, Exclude: []string{"CN-SUB-07"}}, CN, 24},
		{Selection{Selectors: []string{"CN-SUB"}, Levels: []Level{Should}}, CN, 3},
		{Selection{Tags: []string{"smoke"}}, Both, len(smokeIDs())},
		{Selection{Tags: []string{"smog"}}, Both, -1},
		{Selection{Symptoms: []string{"sadness"}}, Both, -1},
		{Selection{Selectors: []string{"LAT"}, Symptoms: []string{"overload"}}, Both, 4},
	} {
		got, err := row.sel.Choose(all, row.profile)
		if row.want < 0 {
			require.Error(t, err, "%+v", row.sel)
			continue
		}
		require.NoError(t, err)
		require.Len(t, got, row.want, "%+v: %v", row.sel, ids(got))
	}
}

func TestKnownFailures(t *testing.T) {
	known, err := ParseKnownFailures(strings.NewReader("# accepted for now\n\nCN-SUB-07 2027-01-31 fixed in 2.0\n"), Catalogue())
	require.NoError(t, err)
	last := time.Date(2027, 1, 31, 23, 59, 0, 0, time.UTC)
	require.Equal(t, "fixed in 2.0", excuse(known, "CN-SUB-07", last))
	require.Empty(t, excuse(known, "CN-SUB-07", last.Add(time.Hour)))
	require.Empty(t, excuse(known, "CN-SUB-06", last))
	for _, bad := range []string{"CN-SUB-07", "CN-SUB-07 2027-01-31", "CN-SUB-99 2027-01-31 x", "CN-SUB-07 soon x"} {
		_, err := ParseKnownFailures(strings.NewReader(bad), Catalogue())
		require.ErrorContains(t, err, "line 1", bad)
	}
}

func TestVerdicts(t *testing.T) {
	finding := failed("this", "that")
	for _, row := range []struct {
		level  Level
		strict bool
		err    error
		want   Verdict
	}{
		{Must, false, nil, Pass},
		{Must, false, finding, Fail},
		{Should, false, finding, NonStrict},
		{Should, true, finding, Fail},
		{May, true, finding, Informed},
		{Must, false, skipf("x"), Skip},
		{Must, false, inconclusivef("x"), Inconclusive},
		{Must, false, &DialError{"h:1", errors.New("refused")}, Broken},
	} {
		require.Equal(t, row.want, judge(row.level, row.strict, row.err))
	}
}

func TestExitStatus(t *testing.T) {
	report := func(results ...Result) int { return (&Report{Results: results}).Exit() }
	pass, fail, known := Result{Verdict: Pass}, Result{Verdict: Fail}, Result{Verdict: Fail, Known: "yes"}
	away, unsure, skip := Result{Verdict: Broken, unreachable: true}, Result{Verdict: Inconclusive}, Result{Verdict: Skip}
	require.Equal(t, ExitPassed, report(pass, skip, known, Result{Verdict: NonStrict}))
	require.Equal(t, ExitFailed, report(pass, away, fail))
	require.Equal(t, ExitUnreachable, report(away, away, skip))
	require.Equal(t, ExitInconclusive, report(pass, away))
	require.Equal(t, ExitInconclusive, report(pass, unsure))
	require.Equal(t, ExitPassed, report())
}

// scripted is a check of its own.
func scripted(id string, needs Capability, run func(*Env) error) Check {
	c := Check{ID: id, Level: Must, Profile: Both, Implemented: run != nil, run: run, Requirement: "It does."}
	if needs != "" {
		c.Needs = []Capability{needs}
	}
	return c
}

func TestRunGivesEveryCheckAVerdict(t *testing.T) {
	var draws [2]uint64
	draw := func(i int) func(*Env) error { return func(e *Env) error { draws[i] = e.rng.Uint64(); return nil } }
	checks := []Check{
		scripted("X-A-01", "", draw(0)),
		scripted("X-A-02", "", func(*Env) error { panic("oh") }),
		scripted("X-A-03", "", func(e *Env) error { _, err := e.Dial(); return err }),
		scripted("X-A-04", NeedNode, draw(0)),
		scripted("X-A-05", "", nil),
		scripted("X-A-06", "", func(*Env) error { return failed("<that>", "this") }),
	}
	cfg := Config{Seed: 3, Jobs: 3, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("nobody there") },
		Known: []KnownFailure{{"X-A-06", time.Now(), "because"}}}
	report, err := Run(t.Context(), cfg, checks)
	require.NoError(t, err)
	var verdicts []Verdict
	for _, r := range report.Results {
		verdicts = append(verdicts, r.Verdict)
	}
	require.Equal(t, []Verdict{Pass, Broken, Broken, Skip, Unsupported, Fail}, verdicts)
	require.Equal(t, "because", report.Results[5].Known)

	checks[0].run = draw(1)
	_, err = Run(t.Context(), cfg, checks[:1])
	require.NoError(t, err)
	require.Equal(t, draws[0], draws[1], "one seed gave two courses")
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	report, err := Run(ctx, Config{}, []Check{
		scripted("X-A-01", "", func(*Env) error { return nil }),
		scripted("X-A-02", "", func(e *Env) error { cancel(); return e.ctx.Err() }),
		scripted("X-A-03", "", func(*Env) error { return nil }),
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, report.Results, 1)
}

// TestHostileServers sends the suite what no pool would: it stays bounded and
// ends.
func TestHostileServers(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"nothing": func(nc net.Conn) { drainConn(nc) },
		"closes":  func(net.Conn) {},
		"endless line": func(nc net.Conn) {
			for chunk := bytes.Repeat([]byte("["), 64<<10); ; {
				if _, err := nc.Write(chunk); err != nil {
					return
				}
			}
		},
		"flood": func(nc net.Conn) {
			for chunk := bytes.Repeat([]byte(`{"id":1,"method":"job","params":{"job_id":[]}}`+"\n"), 100); ; {
				if _, err := nc.Write(chunk); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := tcpCN(t)
			cfg.Target, cfg.Timeout, cfg.Effort, cfg.TipWait = tinyListener(t, serve), 100*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
			report, err := Run(t.Context(), cfg, implemented(t, CN))
			require.NoError(t, err)
			for _, r := range report.Results {
				if r.ID == "CN-SUB-01" || r.ID == "CN-JOB-01" {
					require.NotEqual(t, Pass, r.Verdict)
				}
			}
		})
	}
}

// drainConn reads until the peer has enough.
func drainConn(nc net.Conn) {
	buf := make([]byte, 4096)
	for {
		if _, err := nc.Read(buf); err != nil {
			return
		}
	}
}

// TestDisturbedChecksAreDoneAgain has blocks come in that no check asked for.
func TestDisturbedChecksAreDoneAgain(t *testing.T) {
	node := &tinyChain{height: 10, changed: func() {}}
	tries := map[string]int{}
	check := func(id string, stray int) Check {
		return scripted(id, NeedNode, func(e *Env) error {
			tries[id]++
			if err := e.node.Mine(2); err != nil {
				return err
			}
			if tries[id] <= stray {
				if err := node.Mine(1); err != nil { // behind the suite's back
					return err
				}
				return failed("that", "this")
			}
			return nil
		})
	}
	finds := scripted("X-A-03", NeedNode, func(*Env) error { tries["X-A-03"]++; return failed("that", "this") })
	report, err := Run(t.Context(), Config{Node: node}, []Check{check("X-A-01", 1), check("X-A-02", 9), finds})
	require.NoError(t, err)
	require.Equal(t, map[string]int{"X-A-01": 2, "X-A-02": maxAttempts, "X-A-03": 1}, tries)
	require.Equal(t, Pass, report.Results[0].Verdict)
	require.Contains(t, report.Results[0].Notes[0], "done 2 times")
	require.Equal(t, Fail, report.Results[1].Verdict)
	require.Equal(t, Fail, report.Results[2].Verdict)
}
