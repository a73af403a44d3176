package conform

import (
	"errors"
	"fmt"
	"io"
)

// Change is a check that came out otherwise than in the run before.
type Change struct {
	ID string `json:"id"`
	// Before is empty where the run before did not have the check.
	Before Verdict `json:"before,omitempty"`
	Now    Verdict `json:"now"`
}

func (c Change) String() string {
	before := string(c.Before)
	if before == "" {
		before = "not in the baseline"
	}
	return fmt.Sprintf("%s (%s, now %s)", c.ID, before, c.Now)
}

// Baseline is what changed since an earlier run.
type Baseline struct {
	Name string `json:"name"`
	// New are failures that are not known and that the earlier run did not
	// find; Still are those that it found, too.
	New   []Change `json:"new,omitempty"`
	Still []Change `json:"still,omitempty"`
	// Fixed are earlier findings of checks that now pass.
	Fixed []Change `json:"fixed,omitempty"`
	// Undecided are checks that came to a verdict then and to none now.
	Undecided []Change `json:"undecided,omitempty"`
}

// errOtherProfile refuses a baseline of the other dialect, where every failure
// would be new.
var errOtherProfile = errors.New("the baseline is of a run in the other dialect")

// CompareWith relates the report to that of an earlier run, which goes by a
// name. From then on only new failures count for Exit.
func (r *Report) CompareWith(earlier *Report, name string) error {
	if r.Profile != earlier.Profile {
		return fmt.Errorf("%w: it is of %s, this run of %s", errOtherProfile, earlier.Profile, r.Profile)
	}
	before := map[string]Verdict{}
	for i := range earlier.Results {
		before[earlier.Results[i].ID] = earlier.Results[i].Verdict
	}
	b := &Baseline{Name: name}
	for i := range r.Results {
		b.add(&r.Results[i], before[r.Results[i].ID])
	}
	r.Baseline = b
	return nil
}

// add files one result. A finding against a SHOULD is the same finding whether
// the run was strict or not.
func (b *Baseline) add(now *Result, before Verdict) {
	change := Change{ID: now.ID, Before: before, Now: now.Verdict}
	found := before == Fail || before == NonStrict
	switch {
	case now.Verdict == Fail && now.Known != "":
	case now.Verdict == Fail && found:
		b.Still = append(b.Still, change)
	case now.Verdict == Fail:
		b.New = append(b.New, change)
	case now.Verdict == Pass && found:
		b.Fixed = append(b.Fixed, change)
	case (found || before == Pass) && !now.Verdict.decided():
		b.Undecided = append(b.Undecided, change)
	}
}

// decided reports whether a verdict says anything about the pool.
func (v Verdict) decided() bool {
	return v == Pass || v == Fail || v == NonStrict || v == Informed
}

// WriteText prints what changed, a line for each check.
func (b *Baseline) WriteText(w io.Writer) error {
	for _, part := range []struct {
		what    string
		changes []Change
	}{{"new failure", b.New}, {"failed before, too", b.Still}, {"fixed", b.Fixed}, {"no verdict now", b.Undecided}} {
		for _, c := range part.changes {
			if _, err := fmt.Fprintf(w, "%-18s %s\n", part.what, c); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "since %s: %d new, %d as before, %d fixed, %d without a verdict now\n",
		b.Name, len(b.New), len(b.Still), len(b.Fixed), len(b.Undecided))
	return err
}
