package cryptonote

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// naiveTreeHash follows the definition of CNS003 with a full-height tree: the
// leaves that the first row pairs lie one level deeper than those it keeps.
func naiveTreeHash(leaves []Hash) Hash {
	height := 0
	for 1<<height < len(leaves) {
		height++
	}
	return naiveNode(leaves, height)
}

// naiveNode hashes the subtree of the given height that holds all leaves: its
// left half takes what the right half, filled to the brim, leaves over.
func naiveNode(leaves []Hash, height int) Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	half := 1 << (height - 1)
	// Each half holds at least half its capacity, and fills up from the right.
	right := min(half, len(leaves)-max(half/2, 1))
	cut := len(leaves) - right
	l, r := naiveNode(leaves[:cut], height-1), naiveNode(leaves[cut:], height-1)
	return Keccak256(l[:], r[:])
}

func testLeaves(n int) []Hash {
	leaves := make([]Hash, n)
	for i := range leaves {
		leaves[i] = Keccak256(binary.LittleEndian.AppendUint32(nil, uint32(i)))
	}
	return leaves
}

func TestTreeHashMatchesDefinition(t *testing.T) {
	for n := 1; n <= 300; n++ {
		leaves := testLeaves(n)
		require.Equal(t, naiveTreeHash(leaves), TreeHash(leaves), "%d leaves", n)
	}
	require.Equal(t, Hash{}, TreeHash(nil))
}

// TestTreeHashByHand spells out the small trees.
func TestTreeHashByHand(t *testing.T) {
	l := testLeaves(5)
	pair := func(a, b Hash) Hash { return Keccak256(a[:], b[:]) }
	require.Equal(t, l[0], TreeHash(l[:1]))
	require.Equal(t, pair(l[0], l[1]), TreeHash(l[:2]))
	require.Equal(t, pair(l[0], pair(l[1], l[2])), TreeHash(l[:3]))
	require.Equal(t, pair(pair(l[0], l[1]), pair(l[2], l[3])), TreeHash(l[:4]))
	require.Equal(t, pair(pair(l[0], l[1]), pair(l[2], pair(l[3], l[4]))), TreeHash(l[:5]))
}

// TestBranchServesAnyFirstLeaf shows that the branch does not depend on the
// leaf it is for.
func TestBranchServesAnyFirstLeaf(t *testing.T) {
	for n := 1; n <= 40; n++ {
		leaves := testLeaves(n)
		branch := firstLeafBranch(leaves)
		leaves[0] = Hash{0xaa}
		require.Equal(t, branch, firstLeafBranch(leaves))
		require.Equal(t, TreeHash(leaves), rootFromBranch(leaves[0], branch))
	}
}

func TestTreeHashKeepsItsInput(t *testing.T) {
	leaves := testLeaves(7)
	TreeHash(leaves)
	require.Equal(t, testLeaves(7), leaves)
}
