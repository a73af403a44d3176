package replay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/judge"
	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

// recorded is a session with one share of each class, judged as a right pool
// does.
func recorded(t *testing.T, proto, algo string, truths ...judge.Truth) judge.Session {
	t.Helper()
	a, err := hash.Lookup(algo)
	require.NoError(t, err)
	s := judge.Session{Conn: 7, Proto: proto, Algo: a}
	for i, truth := range truths {
		at := time.Duration(i+1) * time.Millisecond
		l := judge.Label{Submit: &wire.Submit{At: at}, Verdict: wire.Rejected, Truth: truth, Finding: judge.Agrees}
		if truth == judge.Valid {
			l.Verdict = wire.Accepted
		}
		if truth == judge.Malformed {
			l.Submit.Raw = []byte(`{"id":44,"method":"submit","params":{"id":"old","job_id":"gone","nonce":"01","result":"00"}}`)
			if proto == trace.ProtoCKB {
				l.Submit.Raw = []byte(`{"id":44,"method":"mining.submit","params":["OLD.rig","gone","0102"]}`)
			}
		}
		s.Shares = append(s.Shares, l)
	}
	return s
}

func config(p *fakePool, sessions ...judge.Session) Config {
	return Config{Sessions: sessions, Target: p.addr(), User: "W", Pass: "x", Agent: "test", Threads: 2,
		Hasher: cpu.New, Searcher: func() (hash.Searcher, error) { return cpu.NewSearcher(cpu.SearcherOptions{}) },
		ShareTimeout: 20 * time.Second, ReplyTimeout: 10 * time.Second}
}

func run(t *testing.T, cfg Config) *Report {
	t.Helper()
	rep, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	return rep
}

var dialects = []struct {
	proto, algo string
	truths      []judge.Truth
}{
	{trace.ProtoCryptoNote, "cn/upx2", []judge.Truth{judge.Valid, judge.Duplicate, judge.Low, judge.BadHash,
		judge.BadJob, judge.Unauth, judge.Malformed, judge.Valid}},
	{trace.ProtoCKB, "eaglesong", []judge.Truth{judge.Valid, judge.Duplicate, judge.Low, judge.BadJob,
		judge.Unauth, judge.Malformed, judge.Valid}},
}

// TestEveryClassIsReplayed: each recorded fault gets the answer it deserves,
// and the replay's own trace, judged independently, holds the same faults.
func TestEveryClassIsReplayed(t *testing.T) {
	for _, d := range dialects {
		p := newFakePool(t, d.proto, d.algo, 8)
		var out bytes.Buffer
		w, err := trace.NewWriter(&out, trace.Header{Role: "client", Proto: d.proto}, trace.WriterOptions{})
		require.NoError(t, err)
		cfg := config(p, recorded(t, d.proto, d.algo, d.truths...))
		cfg.Trace = w
		rep := run(t, cfg)
		require.NoError(t, w.Close("done"))
		require.Equal(t, map[Comparison]int{Same: len(d.truths)}, rep.Counts, "%s %+v", d.proto, rep.Outcomes)
		require.NotZero(t, rep.Hashes)
		checkOwnTrace(t, out.Bytes(), d.truths)
	}
}

// checkOwnTrace judges what a replay said and heard.
func checkOwnTrace(t *testing.T, file []byte, truths []judge.Truth) {
	r, err := trace.NewReader(bytes.NewReader(file), trace.Options{})
	require.NoError(t, err)
	sessions, err := judge.Sessions(t.Context(), r, judge.Options{Hasher: cpu.New})
	require.NoError(t, err)
	var got []judge.Truth
	for _, s := range sessions {
		for _, l := range s.Shares {
			got = append(got, l.Truth)
			require.Equal(t, judge.Agrees, l.Finding, "%+v", l)
		}
	}
	require.Equal(t, truths, got)
}

func TestStaleSharesWaitForTheNextBlock(t *testing.T) {
	for _, d := range dialects {
		p := newFakePool(t, d.proto, d.algo, 2)
		stop := make(chan struct{})
		p.done.Go(func() {
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-stop:
					return
				case <-tick.C:
					p.newBlock()
				}
			}
		})
		rep := run(t, config(p, recorded(t, d.proto, d.algo, judge.StalePrev)))
		close(stop)
		require.Equal(t, 1, rep.Counts[Same], "%+v", rep.Outcomes)
		require.Equal(t, wire.ReasonStale, rep.Outcomes[0].LiveReason)
	}
}

func TestReplacedJobOnTheSameBlock(t *testing.T) {
	p := newFakePool(t, trace.ProtoCryptoNote, "cn/upx2", 2)
	s := recorded(t, trace.ProtoCryptoNote, "cn/upx2", judge.StaleOld)
	s.Shares[0].Verdict = wire.Accepted
	go func() { time.Sleep(100 * time.Millisecond); p.refresh() }()
	rep := run(t, config(p, s))
	require.Equal(t, 1, rep.Counts[Same], "%+v", rep.Outcomes)

	cfg := config(p, s)
	cfg.ShareTimeout = 300 * time.Millisecond
	rep = run(t, cfg)
	require.Contains(t, rep.Outcomes[0].Skipped, "no job that made the share stale within 300ms")
}

// TestAWrongPoolDiffers: the report names what the target judged otherwise.
func TestAWrongPoolDiffers(t *testing.T) {
	p := newFakePool(t, trace.ProtoCKB, "eaglesong", 4)
	p.wrong = true
	rep := run(t, config(p, recorded(t, trace.ProtoCKB, "eaglesong", judge.Valid, judge.Low, judge.Duplicate)))
	require.Equal(t, map[Comparison]int{Same: 1, Different: 2}, rep.Counts)
	var text bytes.Buffer
	require.NoError(t, rep.WriteText(&text))
	require.Contains(t, text.String(), "different: conn 7, low share: recorded rejected, live accepted")
	require.Contains(t, text.String(), "3 shares replayed")
	require.ErrorIs(t, rep.WriteText(broken{}), io.ErrClosedPipe)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestTooHardIsSkippedNotFaked: what cannot be found is reported with the
// effort it would take.
func TestTooHardIsSkippedNotFaked(t *testing.T) {
	p := newFakePool(t, trace.ProtoCKB, "eaglesong", 1<<50)
	cfg := config(p, recorded(t, trace.ProtoCKB, "eaglesong", judge.Valid, judge.Low, judge.Unknown))
	cfg.MaxHashes = 5000
	rep := run(t, cfg)
	require.Equal(t, map[Comparison]int{Same: 1, Skipped: 2}, rep.Counts)
	require.Contains(t, rep.Outcomes[0].Skipped, "difficulty 1125899906842624")
	require.GreaterOrEqual(t, rep.Outcomes[0].Hashes, uint64(5000))
	require.Contains(t, rep.Outcomes[2].Skipped, "not known from the trace")
	var text bytes.Buffer
	require.NoError(t, rep.WriteText(&text))
	require.Contains(t, text.String(), "skipped 1:")
}

func TestNoLowShareAtDifficultyOne(t *testing.T) {
	p := newFakePool(t, trace.ProtoCKB, "eaglesong", 1)
	rep := run(t, config(p, recorded(t, trace.ProtoCKB, "eaglesong", judge.Valid, judge.Low)))
	require.Equal(t, rig.ErrNoLow.Error(), rep.Outcomes[1].Skipped)
}

func TestRefusedLogin(t *testing.T) {
	for _, d := range dialects {
		p := newFakePool(t, d.proto, d.algo, 2)
		p.refuse = "Invalid address used for login"
		_, err := Run(t.Context(), config(p, recorded(t, d.proto, d.algo, judge.Valid)))
		require.ErrorContains(t, err, "refused: Invalid address used for login")
	}
}

func TestUnreachableTarget(t *testing.T) {
	p := newFakePool(t, trace.ProtoCKB, "eaglesong", 1)
	require.NoError(t, p.l.Close())
	_, err := Run(t.Context(), config(p, recorded(t, trace.ProtoCKB, "eaglesong", judge.Valid)))
	require.ErrorContains(t, err, "connecting to 127.0.0.1")
}

func TestCancelEndsTheReplay(t *testing.T) {
	p := newFakePool(t, trace.ProtoCKB, "eaglesong", 1<<60)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	cfg := config(p, recorded(t, trace.ProtoCKB, "eaglesong", judge.Valid, judge.Valid))
	cfg.MaxHashes = 1 << 62
	rep, err := Run(ctx, cfg)
	require.NoError(t, err)
	require.Equal(t, 2, rep.Counts[Skipped])
}

// TestPace: at speed 1 a share is not sent before its recorded moment.
func TestPace(t *testing.T) {
	p := newFakePool(t, trace.ProtoCKB, "eaglesong", 1)
	s := recorded(t, trace.ProtoCKB, "eaglesong", judge.Valid)
	s.Shares[0].Submit.At = 600 * time.Millisecond
	cfg := config(p, s)
	cfg.Speed = 2
	start := time.Now()
	run(t, cfg)
	require.GreaterOrEqual(t, time.Since(start), 300*time.Millisecond)
}

// TestReconnectsAfterBeingCutOff: a target that hangs up on one share still
// gets the next ones.
func TestReconnectsAfterBeingCutOff(t *testing.T) {
	p := newFakePool(t, trace.ProtoCKB, "eaglesong", 1)
	p.hangUp = true
	rep := run(t, config(p, recorded(t, trace.ProtoCKB, "eaglesong", judge.Malformed, judge.Valid)))
	require.Equal(t, wire.Closed, rep.Outcomes[0].Live)
	require.Equal(t, map[Comparison]int{Incomparable: 1, Same: 1}, rep.Counts)
}

func TestRebindKeepsTheFault(t *testing.T) {
	p := newFakePool(t, trace.ProtoCryptoNote, "cn/upx2", 1)
	cfg := config(p, recorded(t, trace.ProtoCryptoNote, "cn/upx2", judge.Valid))
	require.NoError(t, cfg.setDefaults())
	l, err := connect(t.Context(), &cfg, 1, &cfg.Sessions[0])
	require.NoError(t, err)
	defer l.Close()
	line, err := rebind([]byte(`{"id":"x","method":"submit","params":{"id":"old","job_id":"gone","nonce":12345678901234567890,"result":null}}`), l)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":2,"method":"submit","params":{"id":"`+l.ID()+`","job_id":"`+l.Job().ID+
		`","nonce":12345678901234567890,"result":null}}`, string(line(2)))
	var far *tooFar
	_, err = rebind([]byte(`{"method":"submit"}`), l)
	require.True(t, errors.As(err, &far))
	require.True(t, strings.Contains(err.Error(), "no id"))
}

func TestConfigIsChecked(t *testing.T) {
	_, err := Run(t.Context(), Config{})
	require.Error(t, err)
	p := newFakePool(t, trace.ProtoCKB, "eaglesong", 1)
	_, err = Run(t.Context(), config(p))
	require.ErrorContains(t, err, "no connection")
}
