package trace

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Synthetic secrets, none of which belongs to anybody.
var (
	canaryXMR = "4" + strings.Repeat("Canary7xQz", 9) + "Wxyz1"
	canaryCKB = "ckt1" + strings.Repeat("qzda0cr08m85hc8", 6)
)

// redacted passes lines through a redactor and returns what is stored.
func redacted(r *Redactor, code Code, lines ...string) []*Event {
	var out []*Event
	for _, line := range lines {
		ev := &Event{Code: code, Conn: 1, Data: []byte(line)}
		r.Event(ev)
		out = append(out, ev)
	}
	return out
}

func TestRedactLogin(t *testing.T) {
	r := NewRedactor()
	ev := redacted(r, CodeToPool, `{"id":1, "method":"login","params":{"login":"`+canaryXMR+
		`.farm7+5000","pass":"hunter22","rigid":"cellar-rig","agent":"XMRig/6.26"}}`+"\r\n")[0]
	require.Equal(t, `{"id":1, "method":"login","params":{"login":"${addr:1}.${rig:1}+5000",`+
		`"pass":"${pass:1}","rigid":"${rig:2}","agent":"XMRig/6.26"}}`+"\r\n", string(ev.Data))
	require.True(t, ev.Line.Redacted)

	// The same values have the same placeholders, wherever the pool echoes them.
	echo := redacted(r, CodeToMiner,
		`{"id":1,"error":{"code":-1,"message":"`+strings.ToLower(canaryXMR)+` of cellar-rig: hunter22 is wrong"}}`+"\n")[0]
	require.Equal(t, `{"id":1,"error":{"code":-1,"message":"${addr:1} of ${rig:2}: ${pass:1} is wrong"}}`+"\n", string(echo.Data))
}

func TestRedactCKB(t *testing.T) {
	r := NewRedactor()
	user := canaryCKB + ".rig1"
	evs := redacted(r, CodeToPool,
		`{"id":1,"method":"mining.subscribe","params":["agent/1.0",null]}`+"\n",
		`{"id":2,"method":"mining.authorize","params":["`+user+`","x"]}`+"\n",
		`{"id":3,"method":"mining.submit","params":["`+user+`","1611","000000000000000000114026"]}`+"\n")
	require.False(t, evs[0].Line != nil && evs[0].Line.Redacted)
	require.Contains(t, string(evs[1].Data), `["${addr:1}.${rig:1}","${pass:1}"]`)
	require.Contains(t, string(evs[2].Data), `["${addr:1}.${rig:1}","1611","000000000000000000114026"]`)
}

// TestRedactionKeepsWhatAJudgeNeeds uses worker names chosen to collide.
func TestRedactionKeepsWhatAJudgeNeeds(t *testing.T) {
	lines := []string{
		`{"id":1,"result":{"id":"share","job":{"blob":"0606beef","job_id":"beef","target":"ffffffff","algo":"cn/0","height":7},"status":"OK"}}`,
		`{"id":2,"error":{"code":-1,"message":"Low difficulty share"}}`,
		`{"id":null,"method":"mining.notify","params":["beef","` + strings.Repeat("beef", 16) + `",5,"` + strings.Repeat("ab", 32) + `",true]}`,
		`{"id":null,"method":"mining.set_target","params":["` + strings.Repeat("f", 64) + `"]}`,
		`{"id":1,"result":[null,"beef0001",12],"error":null}`,
	}
	r := NewRedactor()
	redacted(r, CodeToPool, `{"id":1,"method":"login","params":{"login":"W.beef","pass":"share","rigid":"Difficulty"}}`)
	for _, line := range lines {
		require.Equal(t, line, string(redacted(r, CodeToMiner, line)[0].Data))
	}
	submit := `{"id":2,"method":"submit","params":{"id":"share","job_id":"beef","nonce":"beef0000","result":"` + strings.Repeat("beef", 16) + `"}}`
	require.Equal(t, submit, string(redacted(r, CodeToPool, submit)[0].Data))
}

func TestRedactPatternNet(t *testing.T) {
	r := NewRedactor()
	ev := redacted(r, CodeToMiner,
		`{"method":"show","params":{"text":"paid `+canaryXMR+` and `+canaryCKB+`"}}`+"\n",
		"garbage "+canaryXMR+" {not json\n")
	require.NotContains(t, string(ev[0].Data), canaryXMR)
	require.NotContains(t, string(ev[0].Data), canaryCKB)
	require.Equal(t, "garbage ${addr:1} {not json\n", string(ev[1].Data))

	blob := strings.Repeat("123456789abcdef1", 10) // hex without a zero looks like base58
	line := `{"params":{"text":"` + blob + `"}}`
	require.Equal(t, line, string(redacted(r, CodeToMiner, line)[0].Data))
}

func TestRedactWithholdsWhatItCannotRead(t *testing.T) {
	r := NewRedactor()
	cut := redacted(r, CodeToPool, `{"id":1,"method":"login","params":{"login":"49abc`)[0]
	require.Nil(t, cut.Data)
	require.EqualValues(t, 49, cut.Withheld)
	require.True(t, cut.Line.Redacted)

	piece := &Event{Code: CodeToMiner, Conn: 1, Data: []byte("first"), Line: &LineInfo{More: true}}
	last := &Event{Code: CodeToMiner, Conn: 1, Data: []byte("last\n")}
	next := &Event{Code: CodeToMiner, Conn: 1, Data: []byte("{}\n")}
	for _, ev := range []*Event{piece, last, next} {
		r.Event(ev)
	}
	require.Nil(t, piece.Data)
	require.Nil(t, last.Data)
	require.Equal(t, "{}\n", string(next.Data))
}

func TestRedactConnectionFacts(t *testing.T) {
	r := NewRedactor("my-secret-host")
	open := &Event{Code: CodeOpen, Conn: 9, Open: &OpenInfo{Peer: "192.0.2.77:5555", Local: "10.0.0.1:3333"}}
	r.Event(open)
	require.Equal(t, OpenInfo{Peer: "c9"}, *open.Open)
	ban := redacted(r, CodeToMiner, `{"error":{"message":"192.0.2.77 is banned"}}`)[0]
	require.Equal(t, `{"error":{"message":"${ip:1} is banned"}}`, string(ban.Data))
	gone := &Event{Code: CodeClose, Conn: 9, Close: &CloseInfo{Err: "read 192.0.2.77:5555: reset"}}
	r.Event(gone)
	require.Equal(t, "read ${ip:1}:5555: reset", gone.Close.Err)
	mark := &Event{Code: CodeMarker, Marker: Marker{"ev": "note", "at": "my-secret-host"}}
	r.Event(mark)
	require.Equal(t, "${secret:1}", mark.Marker["at"])
}

// TestGivenTextsGoEverywhere: what the user names is replaced in any place and
// however short it is.
func TestGivenTextsGoEverywhere(t *testing.T) {
	r := NewRedactor("ab1", "", "ab1")
	for line, want := range map[string]string{
		`{"method":"mining.subscribe","params":["xAB1x","ab1"]}`: `{"method":"mining.subscribe","params":["x${secret:1}x","${secret:1}"]}`,
		`{"ab1":{"job_id":"0ab1"}}`:                              `{"${secret:1}":{"job_id":"0${secret:1}"}}`,
		`not json ab1`:                                           `not json ${secret:1}`,
	} {
		require.Equal(t, want, string(redacted(r, CodeToMiner, line)[0].Data))
	}
}

// TestRedactedFileHoldsNoCanary writes whole sessions and greps the result.
func TestRedactedFileHoldsNoCanary(t *testing.T) {
	var out bytes.Buffer
	w, err := NewWriter(&out, sampleHeader(), WriterOptions{Redactor: NewRedactor()})
	require.NoError(t, err)
	rigs := []string{"canary-rig", "canary_worker", "canary.dotted"}
	for i, rig := range rigs {
		esc := strings.ReplaceAll(canaryXMR, "C", `\u0043`)
		for _, line := range []string{
			fmt.Sprintf(`{"id":%d,"method":"login","params":{"login":"%s.%s","pass":"canary-pass%d","rigid":"%s"}}`, i, esc, rig, i, rig),
			fmt.Sprintf(`{"id":%d,"method":"mining.authorize","params":["%s.%s","canary-pass%d"]}`, i, canaryCKB, rig, i),
			fmt.Sprintf(`{"id":%d,"method":"keepalived","params":{"note":"%s %s"}}`, i, canaryXMR, rig),
			fmt.Sprintf(`{"%s":true}`, canaryXMR),
			fmt.Sprintf(`not json canary-pass%d`, i),
		} {
			w.Record(&Event{Code: CodeToPool, Conn: 1, Data: []byte(line + "\n")})
			w.Record(&Event{Code: CodeToMiner, Conn: 1, Data: []byte(line + "\n")})
		}
	}
	require.NoError(t, w.Close("done"))
	for _, secret := range append(rigs[:2:2], "canary-pass", canaryXMR, canaryCKB) {
		require.NotContains(t, out.String(), secret)
	}
	require.Contains(t, out.String(), `"redact":{"policy":1,"linkable":false}`)
}

func FuzzRedactor(f *testing.F) {
	f.Add([]byte(`{"id":1,"method":"login","params":{"login":"aaaa.bbbb","pass":"cccc"}}`), true)
	f.Add([]byte(`{"a":["b",{"c":"\u0064\\"},[]],"e":"ckt1"}`), false)
	f.Fuzz(func(t *testing.T, line []byte, toPool bool) {
		code := CodeToMiner
		if toPool {
			code = CodeToPool
		}
		ev := &Event{Code: code, Data: bytes.Clone(line)}
		NewRedactor("secret-canary-value").Event(ev)
		require.NotContains(t, string(ev.Data), "secret-canary-value")
		if _, ok := scanStrings(line); ok {
			_, still := scanStrings(ev.Data)
			require.True(t, still, "redaction broke the JSON of %q: %q", line, ev.Data)
		}
	})
}
