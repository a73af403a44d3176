package ckb

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTemplateAt(t *testing.T) {
	tmpl, err := ParseTemplate(testdata(t, "get_block_template.json"))
	require.NoError(t, err)
	require.Same(t, tmpl, tmpl.At(tmpl.Time()))
	moved := tmpl.At(tmpl.Time().Add(3 * time.Millisecond))
	require.NotEqual(t, tmpl.PowHash(), moved.PowHash())
	require.Equal(t, tmpl.Time().Add(3*time.Millisecond), moved.Time())
	require.True(t, moved.SameWork(tmpl))

	header, body, err := moved.Block([NonceSize]byte{1})
	require.NoError(t, err)
	require.Equal(t, Hash(moved.PowHash()), header.PowHash(), "the block is the one that was hashed")
	var block Block
	require.NoError(t, json.Unmarshal(body, &block))
	require.Equal(t, header, block.Header)
	recomputed := block.Header
	block.Commitments().Apply(&recomputed.RawHeader)
	require.Equal(t, block.Header, recomputed)
}
