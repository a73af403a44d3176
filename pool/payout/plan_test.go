package payout_test

import (
	"errors"
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
		plan := payout.MakePlan(c.rules, c.owed, func(login string) (cryptonote.Payee, error) {
			return cryptonote.Payee{Address: login, Alone: login == "lone"}, nil
		})
		require.Equal(t, c.want, amounts(plan), name)
		require.Empty(t, plan.Skipped)
	}
	no := errors.New("no address")
	plan := payout.MakePlan(payout.Rules{}, []ledger.Payable{owed("a", 5, 0)}, func(string) (cryptonote.Payee, error) { return cryptonote.Payee{}, no })
	require.Equal(t, payout.Plan{Skipped: []payout.Skipped{{Login: "a", Owed: 5, Err: no}}}, plan)
}
