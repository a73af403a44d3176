package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// Digests from testdata/vectors/eaglesong.json.
const (
	eaglesongEmpty = "9e4452fc7aed93d7240b7b55263792befd1be09252b456401122ba71a56f62a0"
	eaglesongA     = "34d81e6aa4551c99edba23e65b69af25b478f5e8233461a7a8c0eb3f40407c97"
	eaglesongABC   = "1e93baa3ff9f8afa381430b7811d428c5b4514f39f6a78d00511b20305067b68"

	// The first of cn/r in testdata/vectors/cryptonight.json, at height 1877866.
	cnrInput = "ec7701f913232438770ded45afe84be84d478b247575991157db3f8e3c3cdd53a45069a3660bcb09efbbc6fa330464136cd5038c2f49789afd2e4edc914c8b95552cbbaf8102c33bbf720697"
	cnrHash  = "1e01b7aaf6d91966f194f58b006580a3f669d328bb5e0978800484825936dd17"
)

// asUsage reports whether err is a usage error.
func asUsage(err error) bool {
	var usage *usageError
	return errors.As(err, &usage)
}

// runCmd executes cmd and returns what it printed.
func runCmd(ctx context.Context, cmd *cobra.Command, in io.Reader, args ...string) (string, error) {
	var out bytes.Buffer
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	cmd.SetIn(in)
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	cmd.SetArgs(args)
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

func TestHashArguments(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"several", []string{"-a", "eaglesong", "61", "616263", ""},
			[]string{eaglesongA, eaglesongABC, eaglesongEmpty}},
		{"alias, prefix, capitals", []string{"-a", "EagleSong", "0x616263"}, []string{eaglesongABC}},
		{"height", []string{"-a", "cn/r", "--height", "1877866", cnrInput}, []string{cnrHash}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := runCmd(t.Context(), newHashCmd(), strings.NewReader("ignored"), c.args...)
			require.NoError(t, err)
			require.Equal(t, strings.Join(c.want, "\n")+"\n", out)
		})
	}
}

func TestHashLines(t *testing.T) {
	in := "61\n\n0x616263\r\n61 12345\n616263" // the last line is not ended
	out, err := runCmd(t.Context(), newHashCmd(), strings.NewReader(in), "-a", "eaglesong")
	require.NoError(t, err)
	require.Equal(t, []string{eaglesongA, eaglesongEmpty, eaglesongABC, eaglesongA, eaglesongABC},
		strings.Fields(out))

	in = cnrInput + " 1877866\n"
	out, err = runCmd(t.Context(), newHashCmd(), strings.NewReader(in), "-a", "cn/r", "--height", "5")
	require.NoError(t, err)
	require.Equal(t, cnrHash+"\n", out, "the height of the line counts")
}

func TestHashErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		args  []string
		in    string
		want  string
		usage bool
	}{
		{name: "no algorithm", args: []string{"61"}, want: "name an algorithm", usage: true},
		{name: "unknown algorithm", args: []string{"-a", "cn/22", "61"}, want: "did you mean cn/2", usage: true},
		{name: "odd digits", args: []string{"-a", "eaglesong", "61", "616"}, want: "argument 2: 3 hexadecimal digits"},
		{name: "no digit", args: []string{"-a", "eaglesong", "0x61g1"}, want: `argument 1: 'g' at position 5`},
		{name: "no height", args: []string{"-a", "cn/r", "61"}, want: "argument 1: cn/r needs the block height"},
		{name: "bad line", args: []string{"-a", "eaglesong"}, in: "61\n61\nxyz\n61\n", want: "line 3: 'x'"},
		{name: "short", args: []string{"-a", "cn/1"}, in: "61\n", want: "line 1: cn/1 needs at least 43 bytes"},
		{name: "bad height", args: []string{"-a", "cn/r"}, in: "61 -1\n", want: `line 1: "-1" is not a block height`},
		{name: "fields", args: []string{"-a", "cn/r"}, in: "61 1 1\n", want: "line 1: want HEX or HEX HEIGHT"},
		{name: "long line", args: []string{"-a", "eaglesong"}, in: "61\n" + strings.Repeat("6", maxHashLine+1),
			want: "line 2: longer than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := runCmd(t.Context(), newHashCmd(), strings.NewReader(c.in), c.args...)
			require.ErrorContains(t, err, c.want)
			require.Equal(t, c.usage, asUsage(err))
			if c.name == "bad line" {
				require.Equal(t, 2, strings.Count(out, eaglesongA), "earlier lines are answered")
			}
		})
	}
}

// A program that pipes lines in gets every answer before its next line.
func TestHashAnswersLineByLine(t *testing.T) {
	in, feed := io.Pipe()
	answers, out := io.Pipe()
	cmd := newHashCmd()
	cmd.SetIn(in)
	cmd.SetOut(out)
	cmd.SetArgs([]string{"-a", "eaglesong"})
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(t.Context()) }()
	for range 3 {
		_, err := io.WriteString(feed, "616263\n")
		require.NoError(t, err)
		answer := make([]byte, len(eaglesongABC)+1)
		_, err = io.ReadFull(answers, answer)
		require.NoError(t, err)
		require.Equal(t, eaglesongABC+"\n", string(answer))
	}
	require.NoError(t, feed.Close())
	require.NoError(t, <-ended)
}

// Ctrl-C ends the command although no line comes.
func TestHashEndsWhileWaitingForALine(t *testing.T) {
	in, feed := io.Pipe()
	defer feed.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := runCmd(ctx, newHashCmd(), in, "-a", "eaglesong")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
