package pool

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/pool/config"
)

func TestPaymentIDsInLogins(t *testing.T) {
	id := strings.Repeat("0aBc", 16)
	kept := "wallet." + strings.ToLower(id)
	seps := config.Login{WorkerSeparator: ".", DifficultySeparator: "+"}
	for login, want := range map[string]credentials{
		"wallet." + id:                 {address: kept},
		"wallet+" + id:                 {address: kept},
		"wallet." + id + ".rig1":       {address: kept, worker: "rig1"},
		"wallet+" + id + ".rig1+5000":  {address: kept, worker: "rig1", difficulty: 5000},
		"wallet." + id + "+5000":       {address: kept, difficulty: 5000},
		"solo:wallet." + id + ".rig":   {address: kept, worker: "rig", solo: true},
		"wallet.rig." + id:             {address: "wallet", worker: cleanName("rig." + id)},
		"wallet.0123456789abcdef":      {address: "wallet", worker: "0123456789abcdef"},
		"wallet." + id[:63] + "g.rig":  {address: "wallet", worker: cleanName(id[:63] + "g.rig")},
		"wallet." + id + "." + id[:62]: {address: kept, worker: id[:62]},
	} {
		got, err := parseCredentials(login, "x", seps)
		require.NoError(t, err, login)
		require.Equal(t, want, got, login)
	}
	_, err := parseCredentials("wallet+", "x", seps)
	require.ErrorIs(t, err, errDifficulty)
	_, err = parseCredentials("wallet."+id+"+", "x", seps)
	require.ErrorIs(t, err, errDifficulty)
	_, err = parseCredentials("wallet+"+id+"+many", "x", seps)
	require.ErrorIs(t, err, errDifficulty)
}
