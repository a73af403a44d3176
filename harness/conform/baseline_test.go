package conform

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBaseline(t *testing.T) {
	earlier := &Report{Profile: CN, Results: []Result{
		{ID: "A-1", Verdict: Pass}, {ID: "A-2", Verdict: Fail}, {ID: "A-3", Verdict: Fail}, {ID: "A-4", Verdict: NonStrict},
		{ID: "A-5", Verdict: Pass}, {ID: "A-6", Verdict: Skip}, {ID: "A-7", Verdict: Pass}, {ID: "A-8", Verdict: Fail},
	}}
	now := &Report{Profile: CN, Results: []Result{
		{ID: "A-1", Verdict: Fail}, {ID: "A-2", Verdict: Fail}, {ID: "A-3", Verdict: Pass}, {ID: "A-4", Verdict: Fail},
		{ID: "A-5", Verdict: Inconclusive}, {ID: "A-6", Verdict: Fail}, {ID: "A-7", Verdict: Fail, Known: "next release"},
		{ID: "A-8", Verdict: Skip}, {ID: "A-9", Verdict: Fail},
	}}
	require.Equal(t, ExitFailed, now.Exit())
	require.NoError(t, now.CompareWith(earlier, "old.json"))
	ids := func(changes []Change) (list []string) {
		for _, c := range changes {
			list = append(list, c.ID)
		}
		return list
	}
	b := now.Baseline
	require.Equal(t, []string{"A-1", "A-6", "A-9"}, ids(b.New))
	require.Equal(t, []string{"A-2", "A-4"}, ids(b.Still))
	require.Equal(t, []string{"A-3"}, ids(b.Fixed))
	require.Equal(t, []string{"A-5", "A-8"}, ids(b.Undecided))
	require.Equal(t, ExitNewFailures, now.Exit())
	var text strings.Builder
	require.NoError(t, b.WriteText(&text))
	require.Contains(t, text.String(), "new failure        A-9 (not in the baseline, now FAIL)\n")
	require.Contains(t, text.String(), "since old.json: 3 new, 2 as before, 1 fixed, 2 without a verdict now\n")
}

// TestBaselineExcusesWhatItHas shows that failures as before do not count, and
// that what could not be decided still does.
func TestBaselineExcusesWhatItHas(t *testing.T) {
	earlier := &Report{Profile: CKB, Results: []Result{{ID: "A-1", Verdict: Fail}}}
	now := &Report{Profile: CKB, Results: []Result{{ID: "A-1", Verdict: Fail}, {ID: "A-2", Verdict: Pass}}}
	require.NoError(t, now.CompareWith(earlier, "x"))
	require.Equal(t, ExitPassed, now.Exit())
	now.Results[1].Verdict = Inconclusive
	require.Equal(t, ExitInconclusive, now.Exit())
	require.ErrorIs(t, now.CompareWith(&Report{Profile: CN}, "x"), errOtherProfile)
}
