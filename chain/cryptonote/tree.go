package cryptonote

import "math/bits"

// TreeHash returns the root over the transaction hashes of a block, the miner
// transaction's first. The tree is CryptoNote's: a first row pairs only as
// many leaves from the end as it takes to reach a power of two. No leaves give
// the zero hash.
func TreeHash(leaves []Hash) Hash {
	if len(leaves) == 0 {
		return Hash{}
	}
	return rootFromBranch(leaves[0], firstLeafBranch(leaves))
}

// firstLeafBranch returns the siblings met on the way from the first leaf to
// the root. They depend on all leaves but the first, so one branch serves all
// miner transactions of a template.
func firstLeafBranch(leaves []Hash) []Hash {
	n := len(leaves)
	if n < 2 {
		return nil
	}
	var branch []Hash
	// The largest power of two below n is the length of the second row.
	second := 1 << (bits.Len(uint(n-1)) - 1)
	keep := 2*second - n
	if keep == 0 {
		branch = append(branch, leaves[1])
	}
	row := pairUp(leaves, keep)
	for len(row) > 1 {
		branch = append(branch, row[1])
		row = pairUp(row, 0)
	}
	return branch
}

// pairUp returns the row above: the first keep nodes as they are, the others
// hashed in pairs.
func pairUp(row []Hash, keep int) []Hash {
	up := make([]Hash, 0, keep+(len(row)-keep)/2)
	up = append(up, row[:keep]...)
	for i := keep; i < len(row); i += 2 {
		up = append(up, Keccak256(row[i][:], row[i+1][:]))
	}
	return up
}

// rootFromBranch folds the siblings onto the first leaf.
func rootFromBranch(leaf Hash, branch []Hash) Hash {
	for i := range branch {
		leaf = Keccak256(leaf[:], branch[i][:])
	}
	return leaf
}
