package hash

import (
	"slices"
	"strings"
)

// All returns every algorithm in table order. The slice is the caller's, the
// algorithms are shared.
func All() []*Algorithm {
	all := make([]*Algorithm, len(table))
	for i := range table {
		all[i] = &table[i]
	}
	return all
}

// Lookup finds an algorithm by name or alias, ignoring case. An unknown name
// gives an *UnknownAlgorithmError.
func Lookup(name string) (*Algorithm, error) {
	for i := range table {
		a := &table[i]
		if strings.EqualFold(a.Name, name) || slices.ContainsFunc(a.Aliases, func(alias string) bool {
			return strings.EqualFold(alias, name)
		}) {
			return a, nil
		}
	}
	return nil, &UnknownAlgorithmError{Name: name, Near: near(name)}
}

// Limits on suggestions: names that long are not typing mistakes, and more
// than four candidates are no help.
const (
	maxSuggestName  = 48
	maxSuggestions  = 4
	maxSuggestEdits = 3
)

// near lists the algorithms with a name or alias a few typing mistakes away
// from name, nearest first.
func near(name string) []string {
	if len(name) > maxSuggestName {
		return nil
	}
	name = strings.ToLower(name)
	limit := max(1, min(maxSuggestEdits, len(name)/3))
	var byEdits [maxSuggestEdits + 1][]string
	for i := range table {
		if d := edits(name, &table[i]); d <= limit {
			byEdits[d] = append(byEdits[d], table[i].Name)
		}
	}
	found := slices.Concat(byEdits[:]...)
	return found[:min(len(found), maxSuggestions)]
}

// edits is the least edit distance between name and any of a's names.
func edits(name string, a *Algorithm) int {
	least := editDistance(name, a.Name)
	for _, alias := range a.Aliases {
		least = min(least, editDistance(name, alias))
	}
	return least
}

// editDistance counts the insertions, deletions and replacements of bytes that
// turn s into t (Levenshtein).
func editDistance(s, t string) int {
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(s) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(t) {
			cost := diagonal
			if s[i] != t[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(t)]
}
