package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/aditmine/adit/harness/conform"
	"github.com/aditmine/adit/harness/report"
)

// reportFiles are the files that a report is written to; empty ones are not.
type reportFiles struct {
	json, junit, sarif, tap, markdown, html string
	artifact                                string
}

func (f *reportFiles) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.junit, "junit", "", "also write the report as a JUnit `file`")
	fl.StringVar(&f.sarif, "sarif", "", "also write the findings as a SARIF 2.1.0 `file`")
	fl.StringVar(&f.artifact, "sarif-artifact", "README.md", "the `file` of your repository at which code scanning shows the findings")
	fl.StringVar(&f.tap, "tap", "", "also write the report as a TAP 14 `file`")
	fl.StringVar(&f.markdown, "markdown", "", "also append a Markdown summary to a `file`, such as $GITHUB_STEP_SUMMARY")
	fl.StringVar(&f.html, "html", "", "also write the report as one HTML `file`")
	fl.StringVar(&f.json, "json-file", "", "also write the report as a JSON `file`, for adit harness report")
}

// write writes one pool's report.
func (f *reportFiles) write(pool report.Pool) error {
	r := pool.Report
	page := &report.Page{Title: "Pool conformance: " + pool.Name, Tool: toolName(), Made: time.Now().UTC(), Pools: []report.Pool{pool}}
	for _, out := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{f.json, func(w io.Writer) error { return printJSON(w, r) }},
		{f.junit, func(w io.Writer) error { return report.JUnit(w, r) }},
		{f.sarif, func(w io.Writer) error { return report.SARIF(w, r, f.artifact) }},
		{f.tap, func(w io.Writer) error { return report.TAP(w, r) }},
		{f.html, func(w io.Writer) error { return report.HTML(w, page) }},
	} {
		if err := writeFile(out.path, out.write); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return f.appendMarkdown(r)
}

// appendMarkdown adds to what other steps of a job have written.
func (f *reportFiles) appendMarkdown(r *conform.Report) error {
	if f.markdown == "" {
		return nil
	}
	file, err := os.OpenFile(f.markdown, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	if err := errors.Join(report.Markdown(file, r), file.Close()); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

// writeFile writes a file; an empty path is nothing to do.
func writeFile(path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

func printJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}

func toolName() string { return "adit " + version }

// colored reports whether a writer is a terminal that wants colours
// (https://no-color.org).
func colored(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

func newHarnessReportCmd() *cobra.Command {
	var title, out string
	cmd := &cobra.Command{
		Use:   "report [NAME=]FILE...",
		Short: "Put reports and measurements of several pools on one HTML page",
		Long: `Reads reports that 'adit harness run --json-file' wrote and makes one
self-contained HTML page of them: a matrix of checks and pools, and for each
cell what was required, what came, what was said, and how to do it again.

What 'adit harness load', 'latency' and 'vardiff' printed with --json is added
as measurements with their plots: difficulty over time, latency by percentile,
rate sweeps with their knee. Both kinds are told apart by their content.`,
		Example: `  adit harness run smoke --target 127.0.0.1:3333 --json-file old.json
  adit harness run smoke --target 127.0.0.1:3334 --json-file new.json
  adit harness report old.json "candidate=new.json" -o pools.html
  adit harness load --target 127.0.0.1:3333 --profile ckb --sweep 100,200,400 --json > sweep.json
  adit harness report new.json sweep.json -o pools.html`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			page := &report.Page{Title: title, Tool: toolName(), Made: time.Now().UTC()}
			for _, arg := range args {
				if err := addTo(page, arg); err != nil {
					return err
				}
			}
			if out == "-" {
				return report.HTML(cmd.OutOrStdout(), page)
			}
			if err := writeFile(out, func(w io.Writer) error { return report.HTML(w, page) }); err != nil {
				return fmt.Errorf("writing the page: %w", err)
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "wrote %s: %s, %s\n", out, plural(len(page.Pools), "pool"), plural(len(page.Measures), "measurement"))
			return err
		},
	}
	cmd.Flags().StringVarP(&out, "output", "o", "conformance.html", "`file` to write; - is standard output")
	cmd.Flags().StringVar(&out, "html", "conformance.html", "the same as --output")
	cmd.Flags().StringVar(&title, "title", "Pool conformance", "`text` at the head of the page")
	return cmd
}

// addTo adds a file to the page: a pool's report, or measurements.
func addTo(page *report.Page, arg string) error {
	name, path, text, err := readNamed(arg)
	if err != nil {
		return err
	}
	if found, err := report.Measures(bytes.NewReader(text), name); err == nil {
		page.Measures = append(page.Measures, found...)
		return nil
	} else if !errors.Is(err, report.ErrNoMeasurement) {
		return usagef("%s: %v", path, err)
	}
	pool, err := readReport(arg)
	if err != nil {
		return err
	}
	page.Pools = append(page.Pools, pool)
	return nil
}

// readNamed reads a file that may be given a name.
func readNamed(arg string) (name, path string, text []byte, err error) {
	name, path, named := strings.Cut(arg, "=")
	if !named {
		name, path = strings.TrimSuffix(filepath.Base(arg), filepath.Ext(arg)), arg
	}
	if text, err = os.ReadFile(path); err != nil {
		return "", "", nil, fmt.Errorf("reading a report: %w", err)
	}
	return name, path, text, nil
}

// readReport reads a report's file, with the name that its pool goes by.
func readReport(arg string) (report.Pool, error) {
	name, path, text, err := readNamed(arg)
	if err != nil {
		return report.Pool{}, err
	}
	r := new(conform.Report)
	if err := json.Unmarshal(text, r); err != nil || r.Profile == "" {
		return report.Pool{}, usagef("%s is no report: write one with adit harness run --json-file", path)
	}
	for i := range r.Results {
		if !strings.Contains(r.Results[i].ID, "-") {
			return report.Pool{}, usagef("%s is no report: it has a check named %q", path, r.Results[i].ID)
		}
	}
	return report.Pool{Name: name, Report: r}, nil
}
