// Package report writes what came of conformance runs and measurements: text
// for a terminal, JUnit, SARIF 2.1.0 and TAP 14 for build systems, Markdown for
// a pull request, and one self-contained HTML page for people.
//
// Everything that came over the wire is hostile: each writer escapes it for its
// format. The package imports harness/conform and stratum; package cmd and
// harness/compare import it.
package report
