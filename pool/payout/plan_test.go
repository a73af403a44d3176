package payout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/payout"
)

// amounts are what a plan pays, transaction by transaction.
func amounts(p payout.Plan) (list []map[string]uint64) {
	for _, b := range p.Batches {
		of := make(map[string]uint64)
		for _, i := range b {
			of[i.Login] = i.Amount
		}
		list = append(list, of)
	}
	return list
}

func TestMakePlan(t *testing.T) {
	type sums = []map[string]uint64
	owed := func(login string, amount, threshold uint64) ledger.Payable {
		return ledger.Payable{Login: login, Owed: amount, Threshold: threshold}
	}
	for name, c := range map[string]struct {
		rules payout.Rules
		owed  []ledger.Payable
		want  sums
	}{
		"threshold":         {payout.Rules{Threshold: 100, MaxTargets: 9}, []ledger.Payable{owed("a", 99, 0), owed("b", 100, 0)}, sums{{"b": 100}}},
		"its own, higher":   {payout.Rules{Threshold: 100, MaxTargets: 9}, []ledger.Payable{owed("a", 150, 200), owed("b", 200, 200)}, sums{{"b": 200}}},
		"its own, lower":    {payout.Rules{Threshold: 100, ThresholdMin: 50, MaxTargets: 9}, []ledger.Payable{owed("a", 60, 60), owed("b", 60, 0)}, sums{{"a": 60}}},
		"its own, too low":  {payout.Rules{Threshold: 100, ThresholdMin: 50, MaxTargets: 9}, []ledger.Payable{owed("a", 49, 1), owed("b", 50, 1)}, sums{{"b": 50}}},
		"nothing owed":      {payout.Rules{MaxTargets: 9}, []ledger.Payable{owed("a", 0, 0)}, nil},
		"denomination":      {payout.Rules{Threshold: 10, Denomination: 100, MaxTargets: 9}, []ledger.Payable{owed("a", 99, 0), owed("b", 299, 0)}, sums{{"b": 200}}},
		"largest first":     {payout.Rules{MaxTargets: 2}, []ledger.Payable{owed("a", 1, 0), owed("b", 3, 0), owed("c", 2, 0)}, sums{{"b": 3, "c": 2}, {"a": 1}}},
		"maximum":           {payout.Rules{MaxAmount: 10, MaxTargets: 9}, []ledger.Payable{owed("a", 25, 0), owed("b", 4, 0), owed("c", 6, 0)}, sums{{"a": 10}, {"c": 6, "b": 4}}},
		"alone":             {payout.Rules{MaxTargets: 9}, []ledger.Payable{owed("a", 5, 0), owed("lone", 4, 0), owed("c", 3, 0)}, sums{{"lone": 4}, {"a": 5, "c": 3}}},
		"no bound is given": {payout.Rules{}, []ledger.Payable{owed("a", 5, 0), owed("b", 4, 0)}, sums{{"a": 5}, {"b": 4}}},
	} {
		plan := payout.MakePlan(c.rules, c.owed, func(login string) (payout.Payee, error) {
			return payout.Payee{Address: login, Alone: login == "lone"}, nil
		})
		require.Equal(t, c.want, amounts(plan), name)
		require.Empty(t, plan.Skipped)
	}
	no := errors.New("no address")
	plan := payout.MakePlan(payout.Rules{}, []ledger.Payable{owed("a", 5, 0)}, func(string) (payout.Payee, error) { return payout.Payee{}, no })
	require.Equal(t, payout.Plan{Skipped: []payout.Skipped{{Login: "a", Owed: 5, Err: no}}}, plan)
}

func TestParsePayee(t *testing.T) {
	n := network()
	standard := login("alice")
	address := cryptonote.Address{
		Spend: cryptonote.Keccak256([]byte("alice")), View: cryptonote.Keccak256([]byte("valice")),
	}
	address.Prefix = n.Subaddress
	sub := address.String()
	address.Prefix, address.PaymentID = n.Integrated, []byte{0, 1, 2, 3, 4, 5, 6, 7}
	integrated := address.String()
	long := strings.Repeat("0f", 32)
	for in, want := range map[string]payout.Payee{
		standard:                               {Address: standard},
		sub:                                    {Address: sub},
		integrated:                             {Address: integrated, Alone: true},
		standard + ".0001020304050607":         {Address: integrated, Alone: true},
		standard + "+" + strings.ToUpper(long): {Address: standard, PaymentID: long, Alone: true},
		standard + "#" + long:                  {Address: standard, PaymentID: long, Alone: true},
	} {
		got, err := payout.ParsePayee(n, in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{
		"", "nobody", standard + ".", standard + ".rig1", standard + ".00010203040506", standard + "." + long + "00",
		sub + ".0001020304050607", integrated + "." + long, standard[:40], standard + ".0001020304050607.x",
	} {
		_, err := payout.ParsePayee(n, in)
		require.Error(t, err, in)
	}
	other := cryptonote.Network{Coin: "X", Standard: n.Standard}
	_, err := payout.ParsePayee(other, standard+".0001020304050607")
	require.ErrorContains(t, err, "64 hex digits")
}

func FuzzParsePayee(f *testing.F) {
	f.Add(login("alice"))
	f.Add(login("alice") + ".0001020304050607")
	f.Add(login("alice") + "+" + strings.Repeat("ab", 32))
	f.Fuzz(func(t *testing.T, text string) {
		p, err := payout.ParsePayee(network(), text)
		if err != nil {
			return
		}
		again := p.Address
		if p.PaymentID != "" {
			again += "." + p.PaymentID
		}
		same, err := payout.ParsePayee(network(), again)
		require.NoError(t, err)
		require.Equal(t, p, same)
	})
}
