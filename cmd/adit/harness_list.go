package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/aditmine/adit/harness/conform"
)

// harnessSelectHelp is part of the help of every command that takes selectors.
const harnessSelectHelp = `A selector is a check's id (CN-SUB-07), the front of ids (CN-SUB, CKB), a tag
(smoke), or all.`

// selectFlags choose checks.
type selectFlags struct {
	profile  string
	levels   []string
	tags     []string
	symptoms []string
	exclude  []string
}

func (f *selectFlags) add(cmd *cobra.Command, profile string) {
	fl := cmd.Flags()
	fl.SortFlags = false
	fl.StringVar(&f.profile, "profile", profile, "stratum `dialect`: cn (CryptoNote) or ckb")
	fl.StringSliceVar(&f.levels, "level", nil, "only checks of these `levels`: must, should, may, info")
	fl.StringSliceVar(&f.tags, "tag", nil, "only checks with one of these `tags`")
	fl.StringSliceVar(&f.symptoms, "symptom", nil, "only checks that explain one of these `complaints` (see list --symptoms)")
	fl.StringSliceVar(&f.exclude, "exclude", nil, "leave out what these `selectors` choose")
}

// choose returns the checks that the flags and selectors want.
func (f *selectFlags) choose(selectors []string, fallback conform.Profile) ([]conform.Check, conform.Profile, error) {
	profile := conform.Profile(strings.ToLower(f.profile))
	if profile == "" {
		profile = fallback
	}
	if profile != conform.CN && profile != conform.CKB && profile != conform.Both {
		return nil, "", usagef("--profile %s: give cn or ckb", f.profile)
	}
	sel := conform.Selection{Selectors: selectors, Exclude: f.exclude, Tags: f.tags, Symptoms: f.symptoms}
	for _, name := range f.levels {
		level, err := conform.ParseLevel(name)
		if err != nil {
			return nil, "", usagef("--level: %v", err)
		}
		sel.Levels = append(sel.Levels, level)
	}
	checks, err := sel.Choose(conform.Catalogue(), profile)
	if err != nil {
		return nil, "", usagef("%v", err)
	}
	if len(checks) == 0 {
		return nil, "", usagef("no check is left: the selectors and flags exclude each other, or belong to the other profile")
	}
	return checks, profile, nil
}

func newHarnessListCmd() *cobra.Command {
	var f selectFlags
	var asJSON, symptoms bool
	cmd := &cobra.Command{
		Use:   "list [SELECTOR...]",
		Short: "List the conformance checks",
		Long: "Lists the checks of the catalogue: id, level, whether this release can carry it\nout, and what it requires of a pool.\n\n" +
			harnessSelectHelp,
		Example: "  adit harness list CN-SUB\n  adit harness list --symptom share-theft\n  adit harness list --json | jq '.[] | select(.implemented)'",
		RunE: func(cmd *cobra.Command, args []string) error {
			if symptoms {
				return listSymptoms(cmd.OutOrStdout())
			}
			checks, _, err := f.choose(args, conform.Both)
			if err != nil {
				return err
			}
			return listChecks(cmd.OutOrStdout(), checks, asJSON)
		},
	}
	f.add(cmd, "")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().BoolVar(&symptoms, "symptoms", false, "list the complaints that --symptom takes")
	return cmd
}

func listSymptoms(w io.Writer) error {
	for _, s := range conform.Symptoms() {
		if _, err := fmt.Fprintf(w, "%-24s %s\n", s.Name, s.Text); err != nil {
			return err
		}
	}
	return nil
}

func listChecks(w io.Writer, checks []conform.Check, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(checks)
	}
	for i := range checks {
		c := &checks[i]
		state := "-"
		if c.Implemented {
			state = "runs"
		}
		if _, err := fmt.Fprintf(w, "%-14s %-6s %-4s %s\n", c.ID, c.Level, state, c.Requirement); err != nil {
			return err
		}
	}
	return nil
}

func newHarnessExplainCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "explain ID",
		Short:   "Say what a conformance check requires, and why",
		Example: "  adit harness explain CN-SUB-07",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id := strings.ToUpper(args[0])
			for _, c := range conform.Catalogue() {
				if c.ID == id {
					return c.Explain(cmd.OutOrStdout())
				}
			}
			return usagef("there is no check %s: `adit harness list` names them", args[0])
		},
	}
}
