package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a part of a pool's work that a process may have.
type Role string

// The roles.
const (
	Stratum Role = "stratum" // takes miners
	Jobs    Role = "jobs"    // watches the nodes for the others, and says when there is a new tip
	Unlock  Role = "unlock"  // follows blocks and divides their rewards; one process at a time does
	Pay     Role = "pay"     // sends payouts; one process at a time does
	API     Role = "api"     // answers HTTP
)

// Roles is a set of roles.
type Roles []Role

// AllRoles are those of a pool that is one process.
func AllRoles() Roles { return Roles{Stratum, Jobs, Unlock, Pay, API} }

// ParseRoles reads names separated by commas; "all" is all of them.
func ParseRoles(text string) (Roles, error) {
	if text == "all" {
		return AllRoles(), nil
	}
	var roles Roles
	for name := range strings.SplitSeq(text, ",") {
		role := Role(strings.TrimSpace(name))
		if !slices.Contains(AllRoles(), role) {
			return nil, fmt.Errorf("there is no role %q: the roles are %s, or all", role, AllRoles())
		}
		if !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles, nil
}

// Has reports whether a role is in the set. An empty set has all.
func (r Roles) Has(role Role) bool { return len(r) == 0 || slices.Contains(r, role) }

// String is what ParseRoles reads.
func (r Roles) String() string {
	names := make([]string, len(r))
	for i, role := range r {
		names[i] = string(role)
	}
	return strings.Join(names, ",")
}
