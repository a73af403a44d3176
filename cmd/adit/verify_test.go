package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/cpu"
)

func TestVerify(t *testing.T) {
	a, err := hash.Lookup("eaglesong")
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, verify(t.Context(), &out, []*hash.Algorithm{a}, cpu.SelfTest))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	impls := cpu.Implementations(a)
	require.Len(t, lines, len(impls), "a line for each, also for what this machine lacks")
	for i, impl := range impls {
		want := "ok"
		if !impl.Available {
			want = "not"
		}
		require.Equal(t, []string{"eaglesong", impl.Name, want}, strings.Fields(lines[i])[:3])
	}
}

func TestVerifyFails(t *testing.T) {
	a, err := hash.Lookup("cn/0")
	require.NoError(t, err)
	test := func(_ context.Context, _ []*hash.Algorithm, progress func(cpu.Report)) error {
		progress(cpu.Report{Algorithm: a, Impl: "avx512", Reason: "the processor lacks AVX-512"})
		progress(cpu.Report{Algorithm: a, Impl: "jit", Available: true, Err: errors.New("lane 3: wrong")})
		progress(cpu.Report{Algorithm: a, Impl: "generic", Available: true, Hashes: 4})
		return nil
	}
	var out bytes.Buffer
	err = verify(t.Context(), &out, []*hash.Algorithm{a}, test)
	require.ErrorContains(t, err, "1 of 2 implementations failed")
	require.Equal(t, `cn/0           avx512     not available: the processor lacks AVX-512
cn/0           jit        FAIL: lane 3: wrong
cn/0           generic    ok (4 hashes)
`, out.String())
}

func TestVerifyInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := runCmd(ctx, newVerifyCmd(), nil)
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, out)
}
