package hash

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLookupResolvesEveryName(t *testing.T) {
	for _, want := range All() {
		for _, name := range append([]string{want.Name}, want.Aliases...) {
			for _, spelled := range []string{name, strings.ToUpper(name), strings.ToTitle(name[:1]) + name[1:]} {
				got, err := Lookup(spelled)
				require.NoError(t, err, spelled)
				require.Same(t, want, got, spelled)
			}
		}
	}
}

func TestNoNameIsUsedTwice(t *testing.T) {
	owner := map[string]string{}
	for _, a := range All() {
		for _, name := range append([]string{a.Name}, a.Aliases...) {
			require.Equal(t, strings.ToLower(name), name)
			require.Empty(t, owner[name], "%s is a name of two algorithms", name)
			owner[name] = a.Name
		}
	}
}

func TestAllIsTheCallersSlice(t *testing.T) {
	all := All()
	require.Len(t, all, 22)
	all[0] = nil
	require.NotNil(t, All()[0])
}

func TestLookupUnknown(t *testing.T) {
	tests := []struct {
		name string
		near []string
		text string
	}{
		{"cn/3", []string{"cn/0", "cn/1", "cn/2", "cn/r"},
			`unknown algorithm "cn/3": did you mean cn/0, cn/1, cn/2 or cn/r?`},
		{"EagleSon", []string{"eaglesong"},
			`unknown algorithm "EagleSon": did you mean eaglesong?`},
		{"cn-picco", []string{"cn-pico"}, ""},
		{"cryptonigt/haf", []string{"cn/half"}, ""},
		{"rx/0", nil, ""},
		{"", nil, ""},
		{"argon2/chukwav2", nil, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Lookup(test.name)
			var unknown *UnknownAlgorithmError
			require.ErrorAs(t, err, &unknown)
			require.Equal(t, test.name, unknown.Name)
			if len(test.near) == 0 {
				require.Empty(t, unknown.Near)
				require.ErrorContains(t, err, "use one of cn/0, cn/1")
				require.ErrorContains(t, err, "cn/upx2, eaglesong")
				return
			}
			require.Equal(t, test.near[0], unknown.Near[0])
			if test.text != "" {
				require.EqualError(t, err, test.text)
			}
		})
	}
}

// A name may come from a stranger over the wire.
func TestLookupHostileName(t *testing.T) {
	_, err := Lookup(strings.Repeat("cn/\x00\xff", 1<<18))
	var unknown *UnknownAlgorithmError
	require.ErrorAs(t, err, &unknown)
	require.Less(t, len(err.Error()), 1000)
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		s, t string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"kitten", "sitting", 3}, {"cn/1", "cn/2", 1}, {"ab", "ba", 2},
	}
	for _, test := range tests {
		require.Equal(t, test.want, editDistance(test.s, test.t), "%q %q", test.s, test.t)
	}
}
