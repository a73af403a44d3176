package conform

import (
	"errors"
	"fmt"
	"strings"
)

// Verdict is what came of a check.
type Verdict string

// The verdicts.
const (
	Pass         Verdict = "PASS"
	Fail         Verdict = "FAIL"         // a MUST is not met; with strict also a SHOULD
	NonStrict    Verdict = "NONSTRICT"    // a SHOULD is not met
	Informed     Verdict = "INFO"         // recorded, not judged
	Skip         Verdict = "SKIP"         // this run lacks what the check needs
	Unsupported  Verdict = "UNSUPPORTED"  // this release, or the pool, does not have it
	Inconclusive Verdict = "INCONCLUSIVE" // too little was seen to say
	Broken       Verdict = "ERROR"        // the check could not be carried out
)

// Verdicts returns all verdicts, in the order in which summaries count them.
func Verdicts() []Verdict {
	return []Verdict{Pass, Fail, NonStrict, Informed, Skip, Unsupported, Inconclusive, Broken}
}

// Failure says that a pool did something else than a check accepts. It is a
// finding about the pool; every other error is one about the run.
type Failure struct {
	Accepted []string // what would have done
	Got      string
}

func (f *Failure) Error() string {
	return fmt.Sprintf("want %s; got %s", strings.Join(f.Accepted, ", or "), f.Got)
}

// failed reports a finding.
func failed(got string, accepted ...string) error {
	return &Failure{Accepted: accepted, Got: got}
}

// unmet makes of a finding what it is for a check that only begins with it: a
// reason why the check could not be carried out.
func unmet(err error) error {
	var failure *Failure
	if errors.As(err, &failure) {
		return fmt.Errorf("what this check begins with did not come about: %v", failure)
	}
	return err
}

// DialError says that the pool could not be reached.
type DialError struct {
	Target string
	Err    error
}

func (e *DialError) Error() string { return fmt.Sprintf("connecting to %s: %v", e.Target, e.Err) }

// Unwrap returns what the network said.
func (e *DialError) Unwrap() error { return e.Err }

// outcomeError ends a check with a verdict that is no finding.
type outcomeError struct {
	verdict Verdict
	reason  string
}

func (e *outcomeError) Error() string { return e.reason }

func skipf(format string, args ...any) error {
	return &outcomeError{Skip, fmt.Sprintf(format, args...)}
}

func inconclusivef(format string, args ...any) error {
	return &outcomeError{Inconclusive, fmt.Sprintf(format, args...)}
}

// judge turns what a check returned into a verdict.
func judge(level Level, strict bool, err error) Verdict {
	var failure *Failure
	var outcome *outcomeError
	switch {
	case err == nil:
		return Pass
	case errors.As(err, &outcome):
		return outcome.verdict
	case !errors.As(err, &failure):
		return Broken
	case level == Must || level == Should && strict:
		return Fail
	case level == Should:
		return NonStrict
	}
	return Informed
}
