package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/aditmine/adit/harness/conform"
)

// Markdown writes a summary for a pull request or a job's page: counts, then
// each finding with what was said.
func Markdown(w io.Writer, r *conform.Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "## Pool conformance: %s\n\n", headline(r))
	fmt.Fprintf(out, "%s, profile %s, seed %d\n\n| verdict | checks |\n|---|---:|\n", code(r.Target), r.Profile, r.Seed)
	for _, v := range conform.Verdicts() {
		if n := r.Counts[v]; n > 0 {
			fmt.Fprintf(out, "| %s | %d |\n", v, n)
		}
	}
	if r.Baseline != nil {
		var changes strings.Builder
		_ = r.Baseline.WriteText(&changes) // into memory
		fence := fenceFor(changes.String(), 3)
		fmt.Fprintf(out, "\n%stext\n%s%s\n", fence, changes.String(), fence)
	}
	for i := range r.Results {
		if result := &r.Results[i]; result.Got != "" || result.Verdict == conform.Broken {
			markdownFinding(out, result)
		}
	}
	return out.Flush()
}

// headline is a report in a few words.
func headline(r *conform.Report) string {
	failures := 0
	for i := range r.Results {
		if r.Results[i].Verdict == conform.Fail && r.Results[i].Known == "" {
			failures++
		}
	}
	switch b := r.Baseline; {
	case b != nil && failures > 0:
		return fmt.Sprintf("%d new failures, %d as before", len(b.New), len(b.Still))
	case failures == 1:
		return "1 failure"
	case failures > 1:
		return fmt.Sprintf("%d failures", failures)
	case r.Exit() == conform.ExitPassed:
		return "passed"
	}
	return "nothing failed, not everything was decided"
}

func markdownFinding(w *bufio.Writer, r *conform.Result) {
	fmt.Fprintf(w, "\n### %s %s\n\n%s\n\n", r.Verdict, r.ID, r.Requirement)
	if r.Got == "" {
		fmt.Fprintf(w, "%s\n", code(r.Reason))
		return
	}
	fmt.Fprintf(w, "* accepted: %s\n* got: %s\n", code(strings.Join(r.Accepted, ", or ")), code(r.Got))
	if r.Known != "" {
		fmt.Fprintf(w, "* known: %s\n", code(r.Known))
	}
	if r.Replay != "" {
		fmt.Fprintf(w, "* again: %s\n", code(r.Replay))
	}
	if len(r.Wire) > 0 {
		text := strings.Join(r.Wire, "\n")
		fence := fenceFor(text, 3)
		fmt.Fprintf(w, "\n<details><summary>on the wire</summary>\n\n%stext\n%s\n%s\n\n</details>\n", fence, text, fence)
	}
}

// code is text of the wire that Markdown leaves alone.
func code(s string) string {
	s = strings.NewReplacer("\n", " ", "\r", " ").Replace(s)
	fence := fenceFor(s, 1)
	return fence + " " + s + " " + fence
}

// fenceFor is a run of backticks longer than any in the text.
func fenceFor(s string, least int) string {
	longest, run := 0, 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	return strings.Repeat("`", max(least, longest+1))
}
