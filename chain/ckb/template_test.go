package ckb

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func exampleTemplate(t testing.TB) *Template {
	t.Helper()
	tmpl, err := ParseTemplate(testdata(t, "get_block_template.json"))
	require.NoError(t, err)
	return tmpl
}

func TestTemplateExample(t *testing.T) {
	tmpl := exampleTemplate(t)
	require.Equal(t, uint64(0), tmpl.WorkID())
	require.Equal(t, uint64(1025), tmpl.Height())
	require.Equal(t, "0xa5f5c85987a15de25661e5a214f2c1449cd803f071acc7999820f25246471f40", tmpl.Parent().String())
	require.Equal(t, "0xbaf7e4db2fd002f19a597ca1a31dfe8cfe26ed8cebc91f52b75b16a7a5ec8bab", tmpl.CellbaseHash().String())
	require.Equal(t, "2048003", tmpl.Difficulty().String()) // floor(2^256/(0x083126<<216))
	require.Equal(t, time.UnixMilli(0x174c45e17a3), tmpl.Time())
	require.Equal(t, "0xb2e61ff569acf041b3c2c17724e2379c581eeac3", func() string {
		text, err := tmpl.PayoutLock().Args.MarshalText()
		require.NoError(t, err)
		return string(text)
	}())
	require.Equal(t, 1, tmpl.Transactions())
	require.Equal(t, 1, tmpl.Uncles())
}

// A block's body must lead to the very header that was mined.
func TestTemplateBlock(t *testing.T) {
	tmpl := exampleTemplate(t)
	nonce := Nonce(mustHex(t, "019ff8f6000000030d00005e309a5693"))
	header, text, err := tmpl.Block(nonce)
	require.NoError(t, err)
	require.Equal(t, Hash(tmpl.PowHash()), header.PowHash())
	require.Equal(t, nonce, header.Nonce)
	require.Contains(t, string(text), `"nonce":"0x93569a305e00000d03000000f6f89f01"`)

	var b Block
	require.NoError(t, json.Unmarshal(text, &b))
	require.Equal(t, header, b.Header)
	recomputed := b.Header
	b.Commitments().Apply(&recomputed.RawHeader)
	require.Equal(t, header, recomputed)
	require.NotEmpty(t, b.Extension)

	again, err := json.Marshal(b)
	require.NoError(t, err)
	require.JSONEq(t, string(text), string(again))
}

// What the header commits to must be missed when it is missing.
func TestBlockCommitsToItsBody(t *testing.T) {
	header, text, err := exampleTemplate(t).Block(Nonce{})
	require.NoError(t, err)
	for name, damage := range map[string]func(*Block){
		"uncle":     func(b *Block) { b.Uncles = nil },
		"cellbase":  func(b *Block) { b.Transactions = nil },
		"proposal":  func(b *Block) { b.Proposals = nil },
		"extension": func(b *Block) { b.Extension = nil },
		"empty":     func(b *Block) { b.Extension = Bytes{} },
	} {
		var b Block
		require.NoError(t, json.Unmarshal(text, &b))
		damage(&b)
		h := b.Header.RawHeader
		b.Commitments().Apply(&h)
		require.NotEqual(t, header.RawHeader, h, name)
	}
}

// changed returns the example with members replaced; nil removes one.
func changed(t testing.TB, members map[string]string) []byte {
	t.Helper()
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(testdata(t, "get_block_template.json"), &all))
	for name, value := range members {
		if value == "" {
			delete(all, name)
		} else {
			all[name] = json.RawMessage(value)
		}
	}
	out, err := json.Marshal(all)
	require.NoError(t, err)
	return out
}

func TestTemplateWithoutExtension(t *testing.T) {
	for _, value := range []string{"", "null"} {
		tmpl, err := ParseTemplate(changed(t, map[string]string{"extension": value, "uncles": "[]"}))
		require.NoError(t, err)
		require.Equal(t, Hash{}, tmpl.Header().ExtraHash)
		_, text, err := tmpl.Block(Nonce{})
		require.NoError(t, err)
		require.NotContains(t, string(text), "extension")
		require.Contains(t, string(text), `"uncles":[]`)
	}
}

func TestTemplateNamesWhatIsWrong(t *testing.T) {
	zero := `"0x0000000000000000000000000000000000000000000000000000000000000000"`
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"null member":    {map[string]string{"work_id": "null"}, "block template: lacks work_id"},
		"number":         {map[string]string{"number": "1025"}, "number: "},
		"leading zeros":  {map[string]string{"number": `"0x0401"`}, "number: \"0x0401\" is not a number: redundant leading zeros"},
		"short hash":     {map[string]string{"parent_hash": `"0x00"`}, "parent_hash: \"0x00\" has 2 hex digits, want 64"},
		"target":         {map[string]string{"compact_target": `"0x2100ffff"`}, "overflows 256 bits"},
		"epoch":          {map[string]string{"epoch": `"0x1000000"`}, "epoch 0x1000000 makes no sense"},
		"height":         {map[string]string{"number": `"0x402"`}, "made for block 1025, not 1026"},
		"cellbase":       {map[string]string{"cellbase": "{}"}, "cellbase: lacks hash or data"},
		"proposals":      {map[string]string{"proposals": `["0x00"]`}, "proposals: "},
		"extension":      {map[string]string{"extension": `"0x0"`}, "extension: "},
		"uncle":          {map[string]string{"uncles": `[{}]`}, "uncle 0: lacks hash"},
		"uncle hash":     {map[string]string{"uncles": `[{"hash":` + zero + `,"header":{},"proposals":[]}]`}, "uncle 0: header: lacks compact_target"},
		"transaction":    {map[string]string{"transactions": `[{"hash":` + zero + `,"data":{}}]`}, "transaction 1: transaction lacks cell_deps"},
		"transactions":   {map[string]string{"transactions": `{}`}, "transactions: "},
		"whole cellbase": {map[string]string{"cellbase": `[]`}, "cellbase: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseTemplate(changed(t, c.change))
			require.ErrorContains(t, err, c.want)
		})
	}
	for _, bad := range []string{``, `null`, `[]`, `"x"`, `{}`, `{"work_id":`} {
		_, err := ParseTemplate([]byte(bad))
		require.ErrorContains(t, err, "block template: ", bad)
	}
}

func TestTemplateNeedsEveryMember(t *testing.T) {
	for _, name := range []string{"work_id", "bytes_limit", "version", "compact_target", "current_time", "number",
		"epoch", "parent_hash", "dao", "cellbase", "transactions", "uncles", "proposals"} {
		_, err := ParseTemplate(changed(t, map[string]string{name: ""}))
		require.EqualError(t, err, "block template: lacks "+name)
	}
}

// withCellbase returns the example with a changed cellbase and its right hash.
func withCellbase(t testing.TB, change func(*Transaction)) []byte {
	t.Helper()
	var all struct {
		Cellbase struct{ Data Transaction }
	}
	require.NoError(t, json.Unmarshal(testdata(t, "get_block_template.json"), &all))
	tx := all.Cellbase.Data
	change(&tx)
	text, err := json.Marshal(map[string]any{"data": tx, "hash": tx.Hash()})
	require.NoError(t, err)
	return changed(t, map[string]string{"cellbase": string(text)})
}

func TestTemplateChecksTheCellbase(t *testing.T) {
	_, err := ParseTemplate(withCellbase(t, func(*Transaction) {}))
	require.NoError(t, err)
	for want, change := range map[string]func(*Transaction){
		"one input":          func(tx *Transaction) { tx.Inputs[0].PreviousOutput.Index = 0 },
		"made for block 7":   func(tx *Transaction) { tx.Inputs[0].Since = 7 },
		"at most one output": func(tx *Transaction) { tx.OutputsData = nil },
		"has a type or data": func(tx *Transaction) { tx.OutputsData[0] = Bytes{1} },
		"0 witnesses":        func(tx *Transaction) { tx.Witnesses = nil },
		"cellbase witness":   func(tx *Transaction) { tx.Witnesses[0] = Bytes{1, 2, 3} },
		"script: fields of":  func(tx *Transaction) { tx.Witnesses[0] = moleculeDynamic(moleculeDynamic(nil, nil, nil), nil) },
		"script args": func(tx *Transaction) {
			tx.Witnesses[0] = moleculeDynamic(moleculeDynamic(make([]byte, 32), []byte{1}, nil), nil)
		},
		"cellbase witness messa": func(tx *Transaction) { tx.Witnesses[0] = moleculeDynamic(Script{}.molecule(), nil) },
	} {
		_, err := ParseTemplate(withCellbase(t, change))
		require.ErrorContains(t, err, want)
	}
}

func TestTemplateChecksHashes(t *testing.T) {
	var all map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(testdata(t, "get_block_template.json"), &all))
	for _, name := range []string{"cellbase", "uncles"} {
		damaged := maps.Clone(all)
		damaged[name] = replaceFirst(t, all[name], `"hash": "0x`)
		text, err := json.Marshal(damaged)
		require.NoError(t, err)
		_, err = ParseTemplate(text)
		require.ErrorContains(t, err, "but the node calls it", name)
	}
}

// replaceFirst swaps the two characters after the first occurrence of mark.
func replaceFirst(t testing.TB, text []byte, mark string) []byte {
	t.Helper()
	out := bytes.Clone(text)
	at := bytes.Index(out, []byte(mark)) + len(mark)
	out[at], out[at+1] = out[at+1], out[at]
	require.NotEqual(t, text, out)
	return out
}

func TestSameWork(t *testing.T) {
	a := exampleTemplate(t)
	later, err := ParseTemplate(changed(t, map[string]string{"current_time": `"0x174c45e17a4"`}))
	require.NoError(t, err)
	require.True(t, a.SameWork(later))
	require.NotEqual(t, a.PowHash(), later.PowHash())
	other, err := ParseTemplate(changed(t, map[string]string{"work_id": `"0x1"`}))
	require.NoError(t, err)
	require.False(t, a.SameWork(other))
}

func FuzzTemplate(f *testing.F) {
	f.Add(testdata(f, "get_block_template.json"))
	f.Add(changed(f, map[string]string{"extension": ""}))
	f.Add([]byte(`{"work_id":"0x0"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		tmpl, err := ParseTemplate(data)
		if err != nil {
			return
		}
		header, text, err := tmpl.Block(Nonce{1})
		require.NoError(t, err)
		var b Block
		require.NoError(t, json.Unmarshal(text, &b))
		require.Equal(t, header, b.Header)
		b.Commitments().Apply(&b.Header.RawHeader)
		require.Equal(t, header, b.Header)
	})
}
