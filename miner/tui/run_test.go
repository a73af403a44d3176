package tui

import (
	"testing"

	"github.com/charmbracelet/lipgloss"
	"github.com/stretchr/testify/require"
)

func TestTheBackgroundIsFixed(t *testing.T) {
	require.True(t, lipgloss.HasDarkBackground(), "bubbletea finds an answer without asking")
	require.True(t, plainRenderer().HasDarkBackground())
}
