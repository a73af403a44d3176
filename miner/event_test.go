package miner

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestEventLogKeepsTheNewest(t *testing.T) {
	var l eventLog
	for i := range 3 * eventLimit {
		l.add(time.Unix(int64(i), 0), EventInfo, "x")
	}
	require.Len(t, l.ring, eventLimit)
	for i, e := range l.ring {
		require.Equal(t, uint64(2*eventLimit+i+1), e.Seq)
	}
}

func TestPrintableDisarmsPoolText(t *testing.T) {
	for in, want := range map[string]string{
		"Low difficulty share":              "Low difficulty share",
		"  two\r\nlines\t ":                 "two lines",
		"\x1b]0;owned\x07\x1b[2Jred":        "]0;owned [2Jred",
		"c1 \u009b31m csi":                  "c1 31m csi",
		"right\u202eto left":                "right to left",
		"bad \xff\xfe utf8":                 "bad utf8",
		"":                                  "",
		"ошибка":                            "ошибка",
		strings.Repeat("é", textLimit):      strings.Repeat("é", textLimit),
		strings.Repeat("é", textLimit+1):    strings.Repeat("é", textLimit) + "...",
		strings.Repeat("\x00", 1<<16) + "a": "...",
	} {
		got := printable(in)
		require.Equal(t, want, got)
		require.True(t, utf8.ValidString(got))
	}
}
