package conform

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// starts are the difficulties at which the server's sessions begin for a check:
// one that needs the right difficulty far above it, or far below.
func starts() map[string]uint64 {
	return map[string]uint64{
		"VD-CONV-01": 1, "VD-CONV-02": 200, "VD-STEP-01": 10, "VD-STEP-02": 50, "VD-STEP-03": 20, "VD-OVER-01": 10, "VD-PROXY-01": 1,
		"VD-STEADY-01": 20, "VD-STEADY-02": 20, "VD-STEADY-03": 20, "VD-CREDIT-02": 10, "VD-CREDIT-03": 10,
		"VD-STAT-01": 10, "VD-STAT-02": 20, "VD-RECON-01": 10, "VD-CLOCK-01": 10, "LAT-JOB-05": 10, "LAT-SUB-01": 10, "LAT-SUB-02": 10,
	}
}

// defectsVardiff are the ways to break the server, each with the checks that must
// find it and, behind a bar, those that it must not touch.
func defectsVardiff() map[string]string {
	return map[string]string{
		"stops short":           "VD-CONV-01 VD-STEP-01 VD-PROXY-01 | VD-CONV-02 VD-STEP-03 VD-CREDIT-02",
		"on submit only":        "VD-CONV-02 VD-STEP-03 | VD-CONV-01 VD-STEP-01 VD-CREDIT-02",
		"sinks slowly":          "VD-CONV-02 VD-STEP-02 | VD-CONV-01 VD-STEP-01",
		"floods are cut":        "VD-STEP-01 | VD-STEP-02 VD-STEADY-01",
		"overshoots":            "VD-OVER-01 | VD-STEP-02 VD-STEADY-01",
		"biased":                "VD-STEADY-01 | VD-STEADY-03 VD-CREDIT-03",
		"nervous":               "VD-STEADY-02 | VD-CREDIT-03 VD-STEP-03",
		"swings":                "VD-STEADY-03 | VD-CREDIT-03",
		"silent are banned":     "VD-STEP-03 | VD-STEADY-01 VD-CREDIT-03",
		"credits the highest":   "VD-CREDIT-02 VD-CREDIT-03 | VD-STEP-03 VD-CLOCK-01",
		"first shares are dear": "VD-CREDIT-03 | VD-STEP-03 VD-CLOCK-01",
		"low shares count":      "VD-STAT-01 | VD-CREDIT-02 VD-CREDIT-03",
		"doubled hashrate":      "VD-STAT-02 | VD-STAT-01 VD-CREDIT-03",
		"forgets":               "VD-RECON-01 | VD-STEADY-01 VD-CREDIT-03",
		"trusts its clock":      "VD-CLOCK-01 | VD-STEP-03 VD-CREDIT-02 VD-CREDIT-03",
		"rare polls":            "LAT-JOB-05 | LAT-SUB-01",
		"slow answers":          "LAT-SUB-01 | LAT-JOB-05",
		"jobs behind shares":    "LAT-SUB-02 | LAT-JOB-05 LAT-SUB-01",
	}
}

// onlyCheck selects a check by its id.
func onlyCheck(t *testing.T, id string) []Check {
	t.Helper()
	sel := Selection{Selectors: []string{id}}
	checks, err := sel.Choose(Catalogue(), CN)
	require.NoError(t, err)
	return checks
}

// vardiffVerdict carries one check out in virtual time.
func vardiffVerdict(t *testing.T, id, defect string) (found, odd []string) {
	t.Helper()
	return bubble(t, onlyCheck(t, id), func(t *testing.T) Config { return memVardiff(t, starts()[id], defect) })
}

func TestACorrectVardiffPasses(t *testing.T) {
	manyRuns(t)
	for id := range starts() {
		t.Run(id, func(t *testing.T) {
			found, odd := vardiffVerdict(t, id, "")
			require.Empty(t, found)
			require.Empty(t, odd)
		})
	}
}

func TestEachVardiffDefectIsCaught(t *testing.T) {
	manyRuns(t)
	for defect, want := range defectsVardiff() {
		t.Run(defect, func(t *testing.T) {
			caught, spared, _ := strings.Cut(want, " | ")
			for id := range strings.FieldsSeq(caught) {
				found, odd := vardiffVerdict(t, id, defect)
				require.Equal(t, []string{id}, found, odd)
			}
			for id := range strings.FieldsSeq(spared) {
				found, odd := vardiffVerdict(t, id, defect)
				require.Empty(t, found, odd)
			}
		})
	}
}
