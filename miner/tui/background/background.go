// Package background keeps the terminal from being asked for its background
// colour.
//
// bubbletea asks, through lipgloss, when the package is initialised: every
// command of a program that links it would send escape sequences to the
// terminal and wait for an answer that some never give. Telling lipgloss the
// answer first avoids that. Go initialises packages in the order of their
// import paths once what they import is ready, and this one needs no more than
// lipgloss, so it comes before bubbletea.
//
// It imports nothing of adit; miner/tui imports it.
package background

import "github.com/charmbracelet/lipgloss"

func init() { lipgloss.SetHasDarkBackground(true) }
