package cl

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSourceResolvesIncludes(t *testing.T) {
	text, err := Source("eaglesong.cl")
	require.NoError(t, err)
	require.NotContains(t, text, `#include "`)
	require.Equal(t, 1, strings.Count(text, "#define ADIT_MAX_HITS"))
	require.Less(t, strings.Index(text, "#define EAGLESONG_ROUNDS"), strings.Index(text, "__kernel void eaglesong_search"))
}

func TestSourceOfNothing(t *testing.T) {
	_, err := Source("none.cl")
	require.ErrorContains(t, err, "none.cl")
}
