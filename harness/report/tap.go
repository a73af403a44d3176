package report

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/aditmine/adit/harness/conform"
)

// TAP writes a report in the Test Anything Protocol, version 14. A failure that
// is known is a TODO; a finding against a SHOULD is an ok with a diagnostic.
func TAP(w io.Writer, r *conform.Report) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "TAP version 14\n1..%d\n", len(r.Results))
	for i := range r.Results {
		tapResult(out, i+1, &r.Results[i])
	}
	return out.Flush()
}

func tapResult(w *bufio.Writer, n int, r *conform.Result) {
	verdict, directive := "ok", ""
	switch {
	case r.Known != "":
		verdict, directive = "not ok", " # TODO known: "+tapText(r.Known)
	case r.Verdict == conform.Fail, r.Verdict == conform.Broken:
		verdict = "not ok"
	case r.Reason != "":
		directive = " # SKIP " + tapText(string(r.Verdict)+": "+r.Reason)
	}
	fmt.Fprintf(w, "%s %d - %s%s\n", verdict, n, tapText(r.ID+" "+r.Requirement), directive)
	if r.Got == "" && r.Verdict != conform.Broken {
		return
	}
	// The values are JSON, which is YAML.
	fmt.Fprintln(w, "  ---")
	row := func(key string, value any) {
		b, _ := json.Marshal(value) // strings always can be
		fmt.Fprintf(w, "  %s: %s\n", key, b)
	}
	row("verdict", r.Verdict)
	row("level", r.Level)
	if r.Got == "" {
		row("message", r.Reason)
	} else {
		row("accepted", r.Accepted)
		row("got", r.Got)
		row("replay", r.Replay)
		row("wire", r.Wire)
	}
	fmt.Fprintln(w, "  ...")
}

// tapText makes text fit for a test line, where # begins a directive.
func tapText(s string) string {
	return strings.NewReplacer("\\", "\\\\", "#", "\\#", "\n", " ", "\r", " ").Replace(s)
}
