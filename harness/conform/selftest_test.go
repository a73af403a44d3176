package conform

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

var (
	selfTest     = flag.Bool("selftest", false, "print which defects are caught, and count false alarms")
	selfTestRuns = flag.Int("selftest.runs", 200, "repetitions of the smoke checks in each dialect")
)

// TestSelf is `make harness-selftest`: what a green run of the suite means.
func TestSelf(t *testing.T) {
	if !*selfTest {
		t.Skip("only with -selftest: the same defects are looked for by TestEachDefectIsCaught")
	}
	proven := map[string]bool{}
	fmt.Printf("%-6s %-28s %s\n", "", "defect", "caught by")
	missed := selfDefects(t, CN, memCN, defectsCN(), false, proven)
	missed += selfDefects(t, CN, memCN, fatalCN(), true, proven)
	missed += selfDefects(t, CN, metered(memCN), meteredCN(), true, proven)
	missed += selfDefects(t, CKB, memCKB, defectsCKB(), false, proven)
	missed += selfStatistical(t, proven)
	alarms := falseAlarms(t, CN, memCN) + falseAlarms(t, CKB, memCKB)

	running, must, bare := 0, 0, []string{}
	for _, c := range Catalogue() {
		if c.Implemented {
			running++
		}
		if c.Implemented && c.Level == Must {
			if must++; !proven[c.ID] {
				bare = append(bare, c.ID)
			}
		}
	}
	defects := len(defectsCN()) + len(fatalCN()) + len(meteredCN()) + len(defectsCKB()) + len(defectsVardiff())
	fmt.Printf("\nchecks carried out       %d, %d of them MUST\n", running, must)
	fmt.Printf("checks seen to fail      %d\n", len(proven))
	fmt.Printf("MUST without a defect    %s\n", strings.Join(bare, " "))
	fmt.Printf("defects caught           %d of %d\n", defects-missed, defects)
	fmt.Printf("false alarms             %d in %d smoke runs\n", alarms, 2**selfTestRuns)
	if missed > 0 || alarms > 0 {
		t.Fail()
	}
}

// selfDefects breaks a server in each way and prints what found it; it counts
// the defects that were missed, or found by others than those named.
func selfDefects(t *testing.T, profile Profile, configure func(*testing.T, string) Config, defects map[string]string, alone bool, proven map[string]bool) (missed int) {
	for _, defect := range slices.Sorted(maps.Keys(defects)) {
		checks := implemented(t, profile)
		if alone {
			checks = slices.DeleteFunc(checks, func(c Check) bool { return !slices.Contains(strings.Fields(defects[defect]), c.ID) })
		}
		found, _ := bubble(t, checks, func(t *testing.T) Config { return configure(t, defect) })
		found = without(found, "CN-CONN-07")
		verdict := "caught"
		if strings.Join(found, " ") != defects[defect] {
			verdict = "MISSED"
			missed++
		}
		for _, id := range found {
			proven[id] = true
		}
		fmt.Printf("%-6s %-28s %s\n", verdict, defect, strings.Join(found, " "))
	}
	return missed
}

// selfStatistical does the same for checks that take a sample: each defect meets
// the checks that must find it, and some that must not.
func selfStatistical(t *testing.T, proven map[string]bool) (missed int) {
	for _, defect := range slices.Sorted(maps.Keys(defectsVardiff())) {
		caught, spared, _ := strings.Cut(defectsVardiff()[defect], " | ")
		var finders []string
		for _, id := range strings.Fields(caught + " " + spared) {
			found, _ := vardiffVerdict(t, id, defect)
			finders = append(finders, found...)
		}
		verdict := "caught"
		if strings.Join(finders, " ") != caught {
			verdict = "MISSED"
			missed++
		}
		for _, id := range finders {
			proven[id] = true
		}
		fmt.Printf("%-6s %-28s %s\n", verdict, defect, strings.Join(finders, " "))
	}
	return missed
}

// falseAlarms counts findings of smoke against servers that do nothing wrong.
func falseAlarms(t *testing.T, profile Profile, configure func(*testing.T, string) Config) (alarms int) {
	sel := Selection{Selectors: []string{"smoke"}}
	checks, err := sel.Choose(Catalogue(), profile)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range *selfTestRuns {
		found, odd := bubble(t, checks, func(t *testing.T) Config {
			cfg := configure(t, "")
			cfg.Seed = uint64(seed)
			return cfg
		})
		alarms += len(found) + len(odd)
	}
	return alarms
}
