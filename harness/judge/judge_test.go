package judge

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/harness/wire"
	"github.com/aditmine/adit/hash/cpu"
)

var cnHeader = trace.Header{Proto: trace.ProtoCryptoNote, Algo: "cn/upx2"}

// cnClasses plays one share of every class; answer decides the pool's verdict
// on each.
func cnClasses(t *testing.T, answer func(s *script, truth Truth)) *script {
	t.Helper()
	w := cnJob(t, "j1", 1, 7, 100, 4)
	s := newScript(t, cnHeader).cnLogin(w)
	nonce, result, at := w.find(t, 0, true)
	answer(s.cnSubmit("sess1", "j1", nonce, result), Valid)
	answer(s.cnSubmit("sess1", "j1", strings.ToUpper(nonce), result), Duplicate)
	nonce2, result2, at := w.find(t, at+1, true)
	answer(s.cnSubmit("sess1", "j1", nonce2, flip(result2)), BadHash)
	lowNonce, lowResult, _ := w.find(t, 0, false)
	answer(s.cnSubmit("sess1", "j1", lowNonce, lowResult), Low)
	answer(s.cnSubmit("sess1", "nope", nonce2, result2), BadJob)
	answer(s.cnSubmit("other", "j1", nonce2, result2), Unauth)
	answer(s.cnSubmit("sess1", "j1", "zz", result2), Malformed)
	refreshed := cnJob(t, "j2", 1, 8, 100, 4)
	s.cnPush(refreshed)
	oldNonce, oldResult, _ := w.find(t, at+1, true)
	answer(s.cnSubmit("sess1", "j1", oldNonce, oldResult), StaleOld)
	s.cnPush(cnJob(t, "j3", 2, 9, 101, 4))
	staleNonce, staleResult, _ := refreshed.find(t, 0, true)
	answer(s.cnSubmit("sess1", "j2", staleNonce, staleResult), StalePrev)
	return s
}

// rightAnswer is what a correct pool says.
func rightAnswer(s *script, truth Truth) {
	texts := map[Truth]string{
		Duplicate: "Duplicate share", BadHash: "Invalid share", Low: "Low difficulty share", BadJob: "Job not found",
		Unauth: "Unauthenticated", Malformed: "Malformed nonce", StalePrev: "Block expired",
	}
	if text, bad := texts[truth]; bad {
		s.refuse(text)
		return
	}
	s.ok()
}

func TestCryptoNoteRightVerdicts(t *testing.T) {
	rep := cnClasses(t, rightAnswer).judge(Options{})
	for truth, verdict := range map[Truth]string{
		Valid: "accepted", StaleOld: "accepted", Duplicate: "rejected", BadHash: "rejected", Low: "rejected",
		BadJob: "rejected", Unauth: "rejected", Malformed: "rejected", StalePrev: "rejected",
	} {
		require.Equal(t, 1, cell(rep, truth, verdict), "%s: %+v", truth, rep.Matrix)
	}
	require.True(t, rep.Agreed())
	require.Equal(t, map[Finding]int{Agrees: 9}, rep.Findings)
	require.EqualValues(t, 8, rep.Credited)
	require.Empty(t, rep.Listed)
	require.Equal(t, 3, rep.Connections[0].Jobs)
	require.Equal(t, 2, rep.Jobs.Blocks)
}

// TestCryptoNoteEverythingAccepted: a pool that accepts all makes one false
// accept of every class that must be rejected.
func TestCryptoNoteEverythingAccepted(t *testing.T) {
	rep := cnClasses(t, func(s *script, _ Truth) { s.ok() }).judge(Options{})
	require.Equal(t, map[Finding]int{Agrees: 2, FalseAccept: 6, StaleAccepted: 1}, rep.Findings)
	require.False(t, rep.Agreed())
	truths := map[Truth]bool{}
	for _, l := range rep.Listed {
		require.Equal(t, FalseAccept, l.Finding)
		truths[l.Truth] = true
	}
	require.Len(t, truths, 6)
}

// TestCryptoNoteEverythingCalledLow: rejecting all for one reason is a false
// reject where the share was good and a wrong reason where it was bad
// otherwise.
func TestCryptoNoteEverythingCalledLow(t *testing.T) {
	rep := cnClasses(t, func(s *script, _ Truth) { s.refuse("Low difficulty share") }).judge(Options{})
	// The badhash share's claim still meets the target, so "low" is wrong for
	// it. The second copy of a share nobody accepted may be judged afresh.
	require.Equal(t, 2, rep.Findings[FalseReject], "%+v", rep.Listed)
	require.Equal(t, 6, rep.Findings[Misreason])
	require.Equal(t, 1, rep.Findings[Agrees])
	require.Equal(t, 9, rep.Reasons["low"])
}

func TestStaleGrace(t *testing.T) {
	build := func(late time.Duration) []byte {
		w := cnJob(t, "j1", 1, 7, 100, 2)
		nonce, result, _ := w.find(t, 0, true)
		return newScript(t, cnHeader).cnLogin(w).cnPush(cnJob(t, "j2", 2, 8, 101, 2)).
			wait(late).cnSubmit("sess1", "j1", nonce, result).ok().bytes()
	}
	rep := judgeBytes(t, build(time.Minute), Options{})
	require.Equal(t, 1, rep.Findings[StaleAccepted])
	require.True(t, rep.Agreed())
	require.Contains(t, strings.Join(rep.Notes, "\n"), "--stale-grace")
	rep = judgeBytes(t, build(3*time.Second), Options{StaleGrace: 5 * time.Second})
	require.Equal(t, 1, rep.Findings[StaleAccepted])
	rep = judgeBytes(t, build(6*time.Second), Options{StaleGrace: 5 * time.Second})
	require.Equal(t, 1, rep.Findings[FalseAccept])
}

// TestOvertakenShares: "stale" for a share that was good when it passed the
// recorder is right when a new block explains it, and wrong when none does.
func TestOvertakenShares(t *testing.T) {
	w := cnJob(t, "j1", 1, 7, 100, 2)
	nonce, result, _ := w.find(t, 0, true)
	next := cnJob(t, "j2", 2, 8, 101, 2)

	rep := newScript(t, cnHeader).cnLogin(w).cnSubmit("sess1", "j1", nonce, result).
		refuse("Block expired").wait(time.Second).cnPush(next).judge(Options{})
	require.Equal(t, 1, rep.Findings[Agrees])
	require.Equal(t, 1, cell(rep, StalePrev, "rejected"))

	rep = newScript(t, cnHeader).cnLogin(w).cnSubmit("sess1", "j1", nonce, result).
		refuse("Block expired").wait(time.Minute).cnPush(next).judge(Options{})
	require.Equal(t, 1, rep.Findings[FalseReject])

	rep = newScript(t, cnHeader).cnLogin(w).cnSubmit("sess1", "j1", nonce, result).
		refuse("Low difficulty share").cnPush(next).judge(Options{})
	require.Equal(t, 1, rep.Findings[FalseReject])
}

// TestRepeatedNonce: when the first try earned nothing, a pool may or may not
// remember it; when one of two copies was accepted, the other is a duplicate,
// whichever came first.
func TestRepeatedNonce(t *testing.T) {
	w := cnJob(t, "j1", 1, 7, 100, 2)
	nonce, result, _ := w.find(t, 0, true)
	for _, answer := range []func(*script){
		func(s *script) { s.ok() }, func(s *script) { s.refuse("Duplicate share") },
	} {
		s := newScript(t, cnHeader).cnLogin(w)
		s.cnSubmit("sess1", "j1", nonce, flip(result)).refuse("Invalid share")
		answer(s.cnSubmit("sess1", "j1", nonce, result))
		require.Equal(t, map[Finding]int{Agrees: 2}, s.judge(Options{}).Findings)
	}
	s := newScript(t, cnHeader).cnLogin(w)
	s.cnSubmit("sess1", "j1", nonce, result).cnSubmit("sess1", "j1", nonce, result)
	s.ok().down(`{"id":%d,"error":{"code":-1,"message":"Duplicate share"}}`, s.id-1)
	require.Equal(t, map[Finding]int{Agrees: 2}, s.judge(Options{}).Findings)

	// A duplicate on another connection, after a reconnect.
	s = newScript(t, cnHeader).cnLogin(w).cnSubmit("sess1", "j1", nonce, result).ok()
	s.on(2).cnLogin(w).cnSubmit("sess2", "j1", nonce, result).ok()
	rep := s.judge(Options{})
	require.Equal(t, 1, rep.Findings[FalseAccept])
	require.Equal(t, Duplicate, rep.Listed[0].Truth)
}

// TestNoAnswer tells the ways in which an answer can be missing.
func TestNoAnswer(t *testing.T) {
	w := cnJob(t, "j1", 1, 7, 100, 2)
	nonce, result, at := w.find(t, 0, true)
	low, lowResult, _ := w.find(t, at+1, false)
	start := func() *script { return newScript(t, cnHeader).cnLogin(w).cnSubmit("sess1", "j1", nonce, result) }
	marker := &trace.Event{Code: trace.CodeMarker, Marker: trace.Marker{"ev": "note"}}

	rep := start().closed(trace.ByPool).judge(Options{})
	require.Equal(t, 1, cell(rep, Valid, "closed"))
	require.Equal(t, 1, rep.Findings[FalseReject])
	rep = start().closed(trace.ByMiner).judge(Options{})
	require.Equal(t, 1, cell(rep, Valid, "cut"))
	require.True(t, rep.Agreed())
	rep = start().wait(11 * time.Second).event(marker).judge(Options{})
	require.Equal(t, 1, cell(rep, Valid, "none"))
	require.Equal(t, 1, rep.Findings[FalseReject])
	rep = start().wait(5 * time.Second).event(marker).judge(Options{})
	require.Equal(t, 1, cell(rep, Valid, "cut"))
	require.EqualValues(t, 1, rep.Findings[NotJudged])

	rep = newScript(t, cnHeader).cnLogin(w).cnSubmit("sess1", "j1", low, lowResult).closed(trace.ByPool).judge(Options{})
	require.Equal(t, 1, rep.Findings[Agrees])
	rep = start().down(`{"id":2,"error":null,"result":{"status":"KEEPALIVED"}}`).judge(Options{})
	require.Equal(t, 1, cell(rep, Valid, "unclear"))
	rep = start().down(`{"id":2,"error":{"code":-1,"message":"no"},"result":{"status":"OK"}}`).judge(Options{})
	require.Equal(t, 1, cell(rep, Valid, "unclear"))
}

// TestTruncatedTraceIsJudgedUpToTheCut cuts a session anywhere: nothing may be
// held against the pool for it.
func TestTruncatedTraceIsJudgedUpToTheCut(t *testing.T) {
	file := cnClasses(t, rightAnswer).bytes()
	header := bytes.IndexByte(file, '\n') + 1
	for cut := header; cut < len(file); cut += 97 * slow {
		rep := judgeBytes(t, file[:cut], Options{})
		require.True(t, rep.Trace.Truncated)
		require.True(t, rep.Agreed(), "cut at %d: %+v", cut, rep.Listed)
		require.Zero(t, rep.Findings[Misreason], "cut at %d: %+v", cut, rep.Listed)
		require.Contains(t, strings.Join(rep.Notes, "\n"), "truncated")
	}
}

// TestLostLinesAreNobodysFault: after dropped events an unknown job is not the
// miner's mistake.
func TestLostLinesAreNobodysFault(t *testing.T) {
	w := cnJob(t, "j1", 1, 7, 100, 2)
	nonce, result, _ := w.find(t, 0, true)
	s := newScript(t, cnHeader).cnLogin(w)
	s.event(&trace.Event{Code: trace.CodeMarker, Marker: trace.Marker{"ev": trace.MarkerDropped, "n": 3}})
	rep := s.cnSubmit("sess1", "lost-job", nonce, result).ok().judge(Options{})
	require.Equal(t, 1, cell(rep, Unknown, "accepted"))
	require.EqualValues(t, 3, rep.Trace.Dropped)
	require.True(t, rep.Agreed())
}

func TestUnknownAlgorithm(t *testing.T) {
	w := cnJob(t, "j1", 1, 7, 100, 2)
	nonce, result, _ := w.find(t, 0, true)
	s := newScript(t, trace.Header{}).open().
		up(`{"id":1,"method":"login","params":{"login":"W","pass":"x"}}`).
		down(`{"id":1,"error":null,"result":{"id":"sess1","job":%s,"status":"OK"}}`, strings.Replace(w.json(), "cn/upx2", "rx/0", 1))
	rep := s.cnSubmit("sess1", "j1", nonce, result).ok().judge(Options{})
	require.Equal(t, 1, cell(rep, Unknown, "accepted"))
	require.Contains(t, rep.Unjudged, "algorithm rx/0 is not known here")
}

// TestOddCompactTarget: a 4-byte target that no difficulty has is widened as
// XMRig does, and leaves no room for doubt.
func TestOddCompactTarget(t *testing.T) {
	w := cnJob(t, "j1", 1, 7, 100, 1)
	const odd = "00000060" // between difficulty 2 and 3: works as 2
	s := newScript(t, cnHeader).open().
		up(`{"id":1,"method":"login","params":{"login":"W","pass":"x"}}`).
		down(`{"id":1,"error":null,"result":{"id":"sess1","job":{"blob":"%x","job_id":"j1","target":"%s","algo":"cn/upx2"},"status":"OK"}}`, w.blob, odd)
	for n := range uint32(24) {
		nonce, result, _ := w.find(t, n, true)
		s.cnSubmit("sess1", "j1", nonce, result).ok()
	}
	rep := s.judge(Options{})
	require.Positive(t, cell(rep, Valid, "accepted"))
	require.Positive(t, cell(rep, Low, "accepted"))
	require.Equal(t, cell(rep, Low, "accepted"), rep.Findings[FalseAccept])
	require.EqualValues(t, 48, rep.Credited)
}

// TestEitherVerdict: shares on which a pool may say yes, or no for the right
// reason, but not no for a wrong one.
func TestEitherVerdict(t *testing.T) {
	for _, tc := range []struct {
		flaws  flaw
		reason wire.Reason
		want   Finding
	}{
		{0, wire.ReasonOther, FalseReject},
		{flawBoundary, wire.ReasonLow, Agrees},
		{flawBoundary, wire.ReasonOther, Agrees},
		{flawBoundary, wire.ReasonStale, FalseReject},
		{flawRepeat, wire.ReasonDuplicate, Agrees},
		{flawRepeat, wire.ReasonOther, FalseReject},
		{flawStaleOld, wire.ReasonStale, Agrees},
		{flawStaleOld, wire.ReasonLow, FalseReject},
		{flawStalePrev, wire.ReasonLow, Misreason},
		{flawStalePrev | flawLow, wire.ReasonLow, Agrees},
		{flawLow | flawRepeat, wire.ReasonDuplicate, Agrees},
		{flawLow, wire.ReasonDuplicate, Misreason},
		{flawLow, wire.ReasonThrottled, Agrees},
	} {
		s := &share{flaws: tc.flaws, result: &wire.Result{Verdict: wire.Rejected, Reason: tc.reason}}
		require.Equal(t, tc.want, compare(s, &Options{}), "%b %s", tc.flaws, tc.reason)
		s.result.Verdict = wire.Accepted
		if tc.flaws&(mustReject|flawStalePrev) == 0 {
			require.Equal(t, Agrees, compare(s, &Options{}), "%b", tc.flaws)
		}
	}
}

func TestCKBVerdicts(t *testing.T) {
	right := map[Truth]func(*script){
		Valid:     func(s *script) { s.ckbOK() },
		Duplicate: func(s *script) { s.ckbRefuse(22, "Duplicate share") },
		Low:       func(s *script) { s.ckbRefuse(23, "Low difficulty") },
		Malformed: func(s *script) { s.ckbRefuse(20, "nonce2 has the wrong length") },
		Unauth:    func(s *script) { s.ckbRefuse(24, "Unauthorized worker") },
		BadJob:    func(s *script) { s.ckbRefuse(21, "Job not found") },
		StalePrev: func(s *script) { s.ckbRefuse(21, "Stale share") },
		StaleOld:  func(s *script) { s.ckbRefuse(21, "Stale share") },
	}
	rep := ckbClasses(t, func(s *script, truth Truth) { right[truth](s) }).judge(Options{})
	require.True(t, rep.Agreed(), "%+v", rep.Listed)
	require.Equal(t, map[Finding]int{Agrees: 10}, rep.Findings, "%+v", rep.Listed)
	require.Equal(t, 2, cell(rep, Valid, "accepted"))
	require.Equal(t, 2, cell(rep, Malformed, "rejected"))

	rep = ckbClasses(t, func(s *script, _ Truth) { s.ckbOK() }).judge(Options{})
	require.Equal(t, map[Finding]int{Agrees: 3, FalseAccept: 6, StaleAccepted: 1}, rep.Findings)
	rep = ckbClasses(t, func(s *script, _ Truth) { s.ckbRefuse(20, "rejected") }).judge(Options{})
	require.Equal(t, map[Finding]int{Agrees: 8, FalseReject: 2}, rep.Findings)
}

// ckbClasses plays every class of CKB share.
func ckbClasses(t *testing.T, answer func(s *script, truth Truth)) *script {
	t.Helper()
	w := ckbJob("j1", 0x11, 4)
	s := newScript(t, trace.Header{}).ckbLogin().ckbTarget(w).ckbPush(w, 100, 1, true)
	nonce, at := w.find(t, 0, true)
	answer(s.ckbSubmit("W.rig", "j1", nonce), Valid)
	answer(s.ckbSubmit("W.rig", "j1", strings.ToUpper(nonce)), Duplicate)
	low, _ := w.find(t, 0, false)
	answer(s.ckbSubmit("W.rig", "j1", low), Low)
	second, at := w.find(t, at+1, true)
	answer(s.ckbSubmit("W.rig", "j1", second[2:]), Malformed)
	answer(s.ckbSubmit("W.rig", "j1", "0x"+second[2:]), Malformed)
	answer(s.ckbSubmit("V.rig", "j1", second), Unauth)
	answer(s.ckbSubmit("W.rig", "nope", second), BadJob)
	s.ckbPush(ckbJob("j2", 0x22, 4), 100, 1, false)
	answer(s.ckbSubmit("W.rig", "j1", second), Valid) // not clean: j1 is still good
	s.ckbPush(ckbJob("j3", 0x33, 4), 100, 1, true)
	third, _ := w.find(t, at+1, true)
	answer(s.ckbSubmit("W.rig", "j1", third), StaleOld)
	j3 := ckbJob("j3", 0x33, 4)
	s.ckbPush(ckbJob("j4", 0x44, 4), 101, 2, true)
	stale, _ := j3.find(t, 0, true)
	answer(s.ckbSubmit("W.rig", "j3", stale), StalePrev)
	return s
}

// TestCKBTargetBelongsToTheJob: a new target counts from the next job on.
func TestCKBTargetBelongsToTheJob(t *testing.T) {
	easy, hard := ckbJob("j1", 0x11, 2), ckbJob("j2", 0x22, 1<<40)
	s := newScript(t, trace.Header{}).ckbLogin().ckbTarget(easy).ckbPush(easy, 5, 1, true).ckbTarget(hard)
	nonce, _ := easy.find(t, 0, true)
	rep := s.ckbSubmit("W.rig", "j1", nonce).ckbOK().ckbPush(hard, 5, 1, false).
		ckbSubmit("W.rig", "j2", nonce).ckbRefuse(23, "Low difficulty").judge(Options{})
	require.Equal(t, map[Finding]int{Agrees: 2}, rep.Findings)
	require.EqualValues(t, 2, rep.Credited)
	require.Len(t, rep.Connections[0].Difficulty, 2)
	require.EqualValues(t, 1<<40, rep.Connections[0].Difficulty[1].Value)
}

// TestSkewAndCoverage: three connections, one late, one never told.
func TestSkewAndCoverage(t *testing.T) {
	s := newScript(t, cnHeader)
	first, next := cnJob(t, "a", 1, 7, 100, 2), cnJob(t, "b", 2, 8, 101, 2)
	for c := range uint64(4) {
		s.on(c + 1).cnLogin(first)
	}
	s.wait(time.Second).on(1).cnPush(next)
	s.wait(39 * time.Millisecond).on(2).cnPush(next)
	s.wait(10 * time.Second).on(3).cnPush(next)
	s.on(4).closed(trace.ByMiner)
	rep := s.judge(Options{})
	require.Equal(t, 2, rep.Jobs.Blocks)
	require.Equal(t, 2, rep.Jobs.Expected)
	require.Equal(t, 1, rep.Jobs.InTime)
	require.EqualValues(t, 2, rep.Jobs.Skew.Count)
	require.EqualValues(t, 40*time.Millisecond, rep.Jobs.Skew.Min)
	require.Contains(t, strings.Join(rep.Notes, "\n"), "no job within 5s")
}

func TestReportForms(t *testing.T) {
	rep := cnClasses(t, func(s *script, _ Truth) { s.ok() }).judge(Options{})
	var text bytes.Buffer
	require.NoError(t, rep.WriteText(&text))
	for _, want := range []string{"false accepts 6", "n<368", "difficulty over time", "verdicts are wrong", "stale-prev"} {
		require.Contains(t, text.String(), want)
	}
	raw, err := json.Marshal(rep)
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(raw, &back))
	require.Equal(t, rep.Findings, back.Findings)
	require.Equal(t, rep.Matrix, back.Matrix)
	require.ErrorIs(t, rep.WriteText(brokenPipe{}), io.ErrClosedPipe)
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestRedactedTraceJudgesTheSame records the same session with redaction.
func TestRedactedTraceJudgesTheSame(t *testing.T) {
	for _, play := range []func(*testing.T, func(*script, Truth)) *script{cnClasses, ckbClasses} {
		file := play(t, func(s *script, _ Truth) { s.ok() }).bytes()
		plain := judgeBytes(t, file, Options{})
		rep := judgeBytes(t, redactAgain(t, file), Options{})
		require.True(t, rep.Trace.Redacted)
		require.Equal(t, plain.Matrix, rep.Matrix)
		require.Equal(t, plain.Findings, rep.Findings)
	}
}

// redactAgain copies a trace through a redacting writer.
func redactAgain(t *testing.T, file []byte) []byte {
	r, err := trace.NewReader(bytes.NewReader(file), trace.Options{})
	require.NoError(t, err)
	var out bytes.Buffer
	var now time.Duration
	w, err := trace.NewWriter(&out, *r.Header(), trace.WriterOptions{
		Redactor: trace.NewRedactor(), Now: func() time.Duration { return now }})
	require.NoError(t, err)
	for {
		ev, err := r.Next()
		if err != nil {
			break
		}
		if now = ev.Time; ev.Checkpoint == nil && ev.End == nil {
			require.True(t, w.Record(ev))
		}
	}
	require.NoError(t, w.Close("done"))
	return out.Bytes()
}

func TestSessions(t *testing.T) {
	var played []Truth
	file := cnClasses(t, func(s *script, truth Truth) { played = append(played, truth); rightAnswer(s, truth) }).bytes()
	r, err := trace.NewReader(bytes.NewReader(file), trace.Options{})
	require.NoError(t, err)
	sessions, err := Sessions(t.Context(), r, Options{Hasher: cpu.New})
	require.NoError(t, err)
	require.Len(t, sessions, 1)
	require.Equal(t, "cn/upx2", sessions[0].Algo.Name)
	require.Equal(t, trace.ProtoCryptoNote, sessions[0].Proto)
	require.Len(t, sessions[0].Shares, len(played))
	for i, l := range sessions[0].Shares {
		require.Equal(t, played[i], l.Truth)
		require.Equal(t, Agrees, l.Finding)
		require.NotNil(t, l.Result)
		require.Equal(t, l.Truth == Malformed, l.Submit.Raw != nil)
	}
	_, err = Sessions(t.Context(), r, Options{})
	require.Error(t, err)
}
