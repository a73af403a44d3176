package survey

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/aditmine/adit/gpu"
	"github.com/aditmine/adit/gpu/bench"
	"github.com/aditmine/adit/gpu/check"
	"github.com/aditmine/adit/hash"
)

// checkShare is the part of a device's time that its checks may take.
const checkShare = 0.5

// visit is one device's part of a survey.
type visit struct {
	Options
	target *Target
	book   *book
	end    time.Time // zero: there is none
}

// attended runs the visit and reports whether it ended: a driver may hang.
func (v *visit) attended(ctx context.Context) bool {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		v.run(ctx)
	}()
	if v.end.IsZero() {
		<-ended
		return true
	}
	late := time.NewTimer(time.Until(v.end) + grace)
	defer late.Stop()
	select {
	case <-ended:
		return true
	case <-late.C:
		return false
	}
}

// run checks all algorithms, then measures those that passed.
func (v *visit) run(ctx context.Context) {
	bad := map[*hash.Algorithm]error{} // why they are not measured
	if v.Checks {
		stage := time.Now().Add(v.left(checkShare))
		for i, a := range v.Algorithms {
			if ctx.Err() != nil {
				return
			}
			limited, cancel := v.limit(ctx, stage, len(v.Algorithms)-i)
			bad[a] = v.check(limited, a)
			cancel()
		}
	}
	for i, a := range v.Algorithms {
		if ctx.Err() != nil {
			return
		}
		if bad[a] != nil {
			v.skip(a, "benchmark", bad[a])
			continue
		}
		v.measure(ctx, a, len(v.Algorithms)-i)
	}
}

// left is a part of the time that is left of the visit; without an end it is
// longer than anything.
func (v *visit) left(part float64) time.Duration {
	if v.end.IsZero() {
		return math.MaxInt64 / 2
	}
	return time.Duration(part * float64(time.Until(v.end)))
}

// limit ends a context so that the rest of a stage gets its part of the time,
// too. What takes longer than others may do so three times.
func (v *visit) limit(ctx context.Context, stage time.Time, rest int) (context.Context, context.CancelFunc) {
	if v.end.IsZero() {
		return context.WithCancel(ctx)
	}
	left := time.Until(stage)
	return context.WithTimeoutCause(ctx, min(left, 3*left/time.Duration(rest)), errNoTime)
}

// errFailed is why an algorithm is not measured.
var errFailed = errors.New("it did not pass the checks")

// check returns why an algorithm is not to be measured: nil when it passed, or
// could not be checked whole for lack of time without having failed until then.
func (v *visit) check(ctx context.Context, a *hash.Algorithm) (bad error) {
	if ctx.Err() != nil {
		v.skip(a, "check", context.Cause(ctx))
		return nil
	}
	put := func(r check.Result) {
		if errors.Is(r.Err, gpu.ErrNoKernel) {
			bad = gpu.ErrNoKernel
			v.skip(a, "check", bad)
			return
		}
		c := bench.Check{Device: v.target.Device.ID, Algo: a.Name, Name: r.Name, Hashes: r.Hashes}
		if r.Err != nil {
			c.Error, bad = r.Err.Error(), errFailed
		}
		v.book.check(c)
	}
	opened, err := v.target.Open(a, true)
	if err != nil {
		put(check.Result{Name: "opening", Err: err})
		return bad
	}
	o := v.target.Check
	o.Algorithm = a
	if check.Run(ctx, opened.Searchers[0], o, put) != nil {
		v.skip(a, "rest of the checks", context.Cause(ctx))
	}
	if err := opened.close(); err != nil {
		put(check.Result{Name: "closing", Err: err})
	}
	return bad
}

// measure measures an algorithm, the first of so many that are left.
func (v *visit) measure(ctx context.Context, a *hash.Algorithm, rest int) {
	fair := v.left(1) / time.Duration(rest)
	ctx, cancel := v.limit(ctx, v.end, rest)
	defer cancel()
	if ctx.Err() != nil || fair <= 0 {
		v.skip(a, "benchmark", errNoTime)
		return
	}
	opened, err := v.target.Open(a, false)
	if err != nil {
		v.book.row(bench.Row{Device: v.target.Device.ID, Algo: a.Name, Settings: map[string]int{}, Error: err.Error()})
		return
	}
	result, err := bench.Measure(ctx, opened.Searchers, bench.Options{
		Algorithm: a, Power: v.target.Power, Pin: opened.Pin,
		// Opening comes before it, warming up, and the hits afterwards.
		Duration: min(v.Duration, fair/10*6),
	})
	info := opened.Searchers[0].Info()
	err = errors.Join(err, opened.close())
	if errors.Is(err, gpu.ErrNoKernel) {
		v.skip(a, "benchmark", gpu.ErrNoKernel)
		return
	}
	row := bench.Row{
		Device: v.target.Device.ID, Algo: a.Name, Impl: info.Impl, Settings: opened.Settings, Origin: opened.Origin,
	}
	row.Put(&result, err)
	v.book.row(row)
}

func (v *visit) skip(a *hash.Algorithm, what string, why error) {
	v.book.skip(bench.Skip{Device: v.target.Device.ID, Algo: a.Name, What: what, Why: why.Error()})
}
