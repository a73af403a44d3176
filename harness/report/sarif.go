package report

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/aditmine/adit/harness/conform"
)

// The parts of SARIF 2.1.0 (OASIS standard, 27 March 2020) that are used.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		Short   sarifText `json:"shortDescription"`
		Help    sarifText `json:"help"`
		Default struct {
			Level string `json:"level"`
		} `json:"defaultConfiguration"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string    `json:"level"`
		Message sarifText `json:"message"`
	}
	sarifResult struct {
		Rule         string             `json:"ruleId"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Prints       map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifLocation struct {
		Physical struct {
			Artifact struct {
				URI string `json:"uri"`
			} `json:"artifactLocation"`
			Region struct {
				StartLine int `json:"startLine"`
			} `json:"region"`
		} `json:"physicalLocation"`
		Logical []sarifLogical `json:"logicalLocations"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// SARIF writes the findings of a report. artifact is the file that code
// scanning shows them at, such as the pool's configuration: what is wrong on
// the wire has no line of its own.
func SARIF(w io.Writer, r *conform.Report, artifact string) error {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "adit harness", Rules: []sarifRule{}}}, Results: []sarifResult{}}
	invocation := sarifInvocation{Successful: true}
	for i := range r.Results {
		result := &r.Results[i]
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRuleOf(result))
		switch {
		case result.Got != "":
			run.Results = append(run.Results, sarifFinding(r, result, artifact))
		case result.Verdict == conform.Broken:
			invocation.Successful = false
			invocation.Notifications = append(invocation.Notifications,
				sarifNotification{"error", sarifText{result.ID + ": " + result.Reason}})
		}
	}
	run.Invocations = []sarifInvocation{invocation}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifRuleOf(r *conform.Result) sarifRule {
	rule := sarifRule{ID: r.ID, Short: sarifText{r.Requirement},
		Help: sarifText{string(r.Level) + ", on the basis of " + r.Basis.Text()}}
	rule.Default.Level = map[conform.Level]string{conform.Must: "error", conform.Should: "warning"}[r.Level]
	if rule.Default.Level == "" {
		rule.Default.Level = "note"
	}
	return rule
}

func sarifFinding(report *conform.Report, r *conform.Result, artifact string) sarifResult {
	level := map[conform.Verdict]string{conform.Fail: "error", conform.NonStrict: "warning"}[r.Verdict]
	if level == "" {
		level = "note"
	}
	out := sarifResult{Rule: r.ID, Level: level, Prints: map[string]string{"check/v1": r.ID},
		Message: sarifText{r.Requirement + " Accepted: " + strings.Join(r.Accepted, ", or ") + ". Got: " + r.Got}}
	var at sarifLocation
	at.Physical.Artifact.URI, at.Physical.Region.StartLine = artifact, 1
	at.Logical = []sarifLogical{{"stratum+tcp://" + report.Target, "resource"}}
	out.Locations = []sarifLocation{at}
	if r.Known != "" {
		out.Suppressions = []sarifSuppression{{"external", r.Known}}
	}
	return out
}
