package conform

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCatalogueIsComplete(t *testing.T) {
	counts := map[Profile]int{}
	seen := map[string]bool{}
	symptoms := map[string]bool{}
	for _, s := range Symptoms() {
		symptoms[s.Name] = true
	}
	for _, c := range Catalogue() {
		require.False(t, seen[c.ID], "%s twice", c.ID)
		seen[c.ID] = true
		counts[c.Profile]++
		require.Contains(t, levels(), c.Level, c.ID)
		require.Contains(t, []Basis{Written, DeFacto, Safety}, c.Basis, c.ID)
		require.NotEmpty(t, c.Observed, c.ID)
		require.True(t, strings.HasSuffix(c.Requirement, "."), c.ID)
		require.NotEmpty(t, c.Symptoms, c.ID)
		for _, s := range c.Symptoms {
			require.True(t, symptoms[s], "%s: %s", c.ID, s)
		}
		for _, n := range c.Needs {
			require.Contains(t, []Capability{NeedNode, NeedTLS, NeedProxy, NeedLedger, NeedControl, NeedDeclared, NeedClock, NeedProbe, NeedOperator, NeedLoad, NeedWait}, n, c.ID)
		}
	}
	require.Equal(t, map[Profile]int{CN: 67, CKB: 38, Both: 77}, counts)
}

func TestEveryBodyBelongsToACheck(t *testing.T) {
	ids := map[string]bool{}
	for _, c := range Catalogue() {
		ids[c.ID] = c.Implemented
	}
	for id := range runs() {
		require.True(t, ids[id], id)
	}
	for _, id := range smokeIDs() {
		require.True(t, ids[id], "%s is in smoke without being implemented", id)
	}
}
