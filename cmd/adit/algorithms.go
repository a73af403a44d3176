package main

import (
	"slices"
	"strings"

	"github.com/aditmine/adit/hash"
)

// programHeight is that of the Monero block that began cn/r: simulated chains
// of algorithms with a program start there.
const programHeight = 1788000

// parseAlgorithm looks up the value of an --algo flag.
func parseAlgorithm(name string) (*hash.Algorithm, error) {
	if name == "" {
		return nil, usagef("name an algorithm with -a: %s", algorithmNames())
	}
	a, err := hash.Lookup(name)
	if err != nil {
		return nil, usagef("%v", err)
	}
	return a, nil
}

// parseAlgorithms reads a list separated by commas, in which "all" stands for
// every algorithm. Each comes once, in the order in which it was first named.
func parseAlgorithms(list string) ([]*hash.Algorithm, error) {
	var chosen []*hash.Algorithm
	for name := range strings.SplitSeq(list, ",") {
		named := hash.All()
		if name = strings.TrimSpace(name); !strings.EqualFold(name, "all") {
			a, err := parseAlgorithm(name)
			if err != nil {
				return nil, err
			}
			named = []*hash.Algorithm{a}
		}
		for _, a := range named {
			if !slices.Contains(chosen, a) {
				chosen = append(chosen, a)
			}
		}
	}
	return chosen, nil
}

// algorithmNames lists every algorithm for a help text.
func algorithmNames() string {
	var names []string
	for _, a := range hash.All() {
		names = append(names, a.Name)
	}
	return strings.Join(names, ", ")
}
