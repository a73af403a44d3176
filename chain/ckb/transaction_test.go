package ckb

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return data
}

// The examples in testdata come from the node's RPC documentation; each says
// its own hashes.

func TestTransactionExample(t *testing.T) {
	var tx Transaction
	require.NoError(t, json.Unmarshal(testdata(t, "transaction.json"), &tx))
	require.Len(t, tx.CellDeps, 1)
	require.Len(t, tx.HeaderDeps, 1)
	want := mustHash(t, "0xa0ef4eb5f4ceeb08a4c8524d84c5da95dce2f608e0ca2ec8091191b0f330c6e3")
	require.Equal(t, want, tx.Hash())
	gotTx, gotWitness := tx.Hashes()
	require.Equal(t, want, gotTx)
	require.Equal(t, tx.WitnessHash(), gotWitness)
	require.Equal(t, "0xa0ef4eb5f4ceeb08a4c8", func() string {
		text, err := ProposalIDOf(want).MarshalText()
		require.NoError(t, err)
		return string(text)
	}())
}

func TestBlockExample(t *testing.T) {
	var b BlockView
	require.NoError(t, json.Unmarshal(testdata(t, "get_block.json"), &b))
	require.Equal(t, "0xa5f5c85987a15de25661e5a214f2c1449cd803f071acc7999820f25246471f40", b.Hash.String())
	require.Equal(t, b.Header.TransactionsRoot, b.Commitments().TransactionsRoot)

	text, err := json.Marshal(b)
	require.NoError(t, err)
	require.JSONEq(t, string(testdata(t, "get_block.json")), string(text))
}

func TestBlockViewChecksItsBody(t *testing.T) {
	var b BlockView
	require.NoError(t, json.Unmarshal(testdata(t, "get_block.json"), &b))
	b.Transactions[0].Witnesses[0][50] ^= 1
	text, err := json.Marshal(b)
	require.NoError(t, err)
	require.ErrorContains(t, json.Unmarshal(text, &BlockView{}), "does not match the header")
}

func TestTransactionRoundTrip(t *testing.T) {
	full := Transaction{
		Version:    1,
		CellDeps:   []CellDep{{OutPoint{Hash{1}, 2}, DepTypeGroup}, {OutPoint{Hash{3}, 4}, DepTypeCode}},
		HeaderDeps: []Hash{{5}},
		Inputs:     []CellInput{{6, OutPoint{Hash{7}, 8}}},
		Outputs: []CellOutput{{9, Script{Hash{10}, HashTypeData1, Bytes{11}}, &Script{Hash{12}, HashTypeData2, Bytes{}}},
			{13, Script{Hash{14}, HashTypeType, Bytes{}}, nil}},
		OutputsData: []Bytes{{15}, {}},
		Witnesses:   []Bytes{{}, {16, 17}},
	}
	text, err := json.Marshal(full)
	require.NoError(t, err)
	var back Transaction
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, full, back)

	text, err = json.Marshal(Transaction{})
	require.NoError(t, err)
	require.JSONEq(t, `{"version":"0x0","cell_deps":[],"header_deps":[],"inputs":[],"outputs":[],"outputs_data":[],"witnesses":[]}`, string(text))
}

// Every field must take part in one of the hashes.
func TestTransactionHashesCoverEverything(t *testing.T) {
	seen := map[Hash]bool{}
	for name, change := range map[string]func(*Transaction){
		"nothing":     func(*Transaction) {},
		"version":     func(tx *Transaction) { tx.Version++ },
		"dep index":   func(tx *Transaction) { tx.CellDeps[0].OutPoint.Index++ },
		"dep type":    func(tx *Transaction) { tx.CellDeps[0].DepType = DepTypeGroup },
		"header dep":  func(tx *Transaction) { tx.HeaderDeps[0][0]++ },
		"since":       func(tx *Transaction) { tx.Inputs[0].Since++ },
		"previous":    func(tx *Transaction) { tx.Inputs[0].PreviousOutput.TxHash[0]++ },
		"capacity":    func(tx *Transaction) { tx.Outputs[0].Capacity++ },
		"lock":        func(tx *Transaction) { tx.Outputs[0].Lock.HashType = HashTypeData2 },
		"lock args":   func(tx *Transaction) { tx.Outputs[0].Lock.Args = Bytes{1} },
		"type":        func(tx *Transaction) { tx.Outputs[0].Type = &Script{} },
		"output data": func(tx *Transaction) { tx.OutputsData[0] = Bytes{0} },
		"witness":     func(tx *Transaction) { tx.Witnesses = []Bytes{{}} },
	} {
		var tx Transaction
		require.NoError(t, json.Unmarshal(testdata(t, "transaction.json"), &tx))
		change(&tx)
		witness := tx.WitnessHash()
		require.False(t, seen[witness], name)
		seen[witness] = true
	}
}

func TestTransactionRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{}`: "lacks cell_deps",
		`{"cell_deps":[],"header_deps":[],"inputs":[],"outputs":[],"outputs_data":[]}`: "lacks witnesses",
		`{"cell_deps":[{"dep_type":"x"}]}`:                                             "unknown dep_type",
		`{"outputs":[{"lock":{"hash_type":"data0"}}]}`:                                 "unknown hash_type",
		`{"outputs":[{"lock":{"hash_type":"data128"}}]}`:                               "unknown hash_type",
		`{"outputs":[{"lock":{"hash_type":"kind"}}]}`:                                  "unknown hash_type",
		`{"version":1}`: "transaction",
		`[]`:            "transaction",
	} {
		require.ErrorContains(t, json.Unmarshal([]byte(text), &Transaction{}), want, text)
	}
}

func TestHashTypes(t *testing.T) {
	for name, want := range map[string]HashType{"data": 0, "type": 1, "data1": 2, "data2": 4, "data3": 6, "data127": 254} {
		var got HashType
		require.NoError(t, got.UnmarshalText([]byte(name)))
		require.Equal(t, want, got)
		text, err := got.MarshalText()
		require.NoError(t, err)
		require.Equal(t, name, string(text))
	}
	_, err := HashType(3).MarshalText()
	require.Error(t, err)
	_, err = DepType(2).MarshalText()
	require.Error(t, err)
}

// The RPC documentation's example of cells by lock hash.
func TestScriptHash(t *testing.T) {
	s := Script{CodeHash: mustHash(t, "0x28e83a1277d48add8e72fadaa9248559e1b632bab2bd60b27955ebc4c03800a5")}
	require.Equal(t, "0x4ceaa32f692948413e213ce6f3a83337145bde6e11fd8cb94377ce2637dcc412", s.Hash().String())
	require.True(t, s.Equal(s))
	require.False(t, s.Equal(Script{}))
}

func FuzzBlock(f *testing.F) {
	f.Add(testdata(f, "get_block.json"))
	f.Add([]byte(`{"header":{},"uncles":[],"transactions":[],"proposals":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var b Block
		if json.Unmarshal(data, &b) != nil {
			return
		}
		text, err := json.Marshal(b)
		require.NoError(t, err)
		var back Block
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, b.Commitments(), back.Commitments())
		require.Equal(t, b.Header, back.Header)
	})
}
