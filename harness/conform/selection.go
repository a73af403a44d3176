package conform

import (
	"fmt"
	"slices"
	"strings"
)

// Selection says which checks are wanted. Empty fields leave nothing out.
type Selection struct {
	// Selectors are ids, the fronts of ids that end at a dash, tags, or "all".
	Selectors []string
	// Exclude takes the same words.
	Exclude []string
	// Levels, Tags and Symptoms keep checks that have one of them.
	Levels   []Level
	Tags     []string
	Symptoms []string
}

// Choose returns the checks of all that apply to a profile and are wanted, in
// order. A word that means nothing is an error.
func (s *Selection) Choose(all []Check, profile Profile) ([]Check, error) {
	for _, word := range slices.Concat(s.Selectors, s.Exclude) {
		if !slices.ContainsFunc(all, func(c Check) bool { return named(&c, word) }) {
			return nil, fmt.Errorf("no check is selected by %q: give an id, the front of one such as CN-SUB, a tag such as smoke, or all", word)
		}
	}
	if err := s.known(all); err != nil {
		return nil, err
	}
	var chosen []Check
	for _, c := range all {
		if (profile == Both || c.For(profile)) && s.wants(&c) {
			c.named = s.names(&c)
			chosen = append(chosen, c)
		}
	}
	return chosen, nil
}

func (s *Selection) wants(c *Check) bool {
	is := func(word string) bool { return named(c, word) }
	return (len(s.Selectors) == 0 || slices.ContainsFunc(s.Selectors, is)) &&
		!slices.ContainsFunc(s.Exclude, is) &&
		(len(s.Levels) == 0 || slices.Contains(s.Levels, c.Level)) &&
		(len(s.Tags) == 0 || overlap(s.Tags, c.Tags)) &&
		(len(s.Symptoms) == 0 || overlap(s.Symptoms, c.Symptoms))
}

// names reports whether a check is wanted for itself, or for being statistical.
func (s *Selection) names(c *Check) bool {
	return slices.ContainsFunc(s.Selectors, func(word string) bool { return c.ID == strings.ToUpper(word) }) ||
		slices.Contains(s.Selectors, tagStatistical) || slices.Contains(s.Tags, tagStatistical)
}

// known refuses tags and symptoms that no check has.
func (s *Selection) known(all []Check) error {
	for _, tag := range s.Tags {
		if !slices.ContainsFunc(all, func(c Check) bool { return slices.Contains(c.Tags, tag) }) {
			return fmt.Errorf("no check has the tag %q", tag)
		}
	}
	for _, symptom := range s.Symptoms {
		if !slices.ContainsFunc(all, func(c Check) bool { return slices.Contains(c.Symptoms, symptom) }) {
			return fmt.Errorf("no check has the symptom %q: `adit harness list --symptoms` names them", symptom)
		}
	}
	return nil
}

// named reports whether a word selects a check.
func named(c *Check, word string) bool {
	upper := strings.ToUpper(word)
	return word == "all" || c.ID == upper || strings.HasPrefix(c.ID, strings.TrimSuffix(upper, "-")+"-") ||
		slices.Contains(c.Tags, word)
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}
