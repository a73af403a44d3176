package replay

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum/ckb"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// binding says what to get wrong in a share.
type binding struct {
	badHash  bool // claim another digest (CryptoNote)
	badJob   bool // name a job that does not exist
	stranger bool // name a session or worker that is not this connection's
}

// noJob is a job id that no pool issues.
const noJob = "adit-no-such-job"

// submit makes the request for a share; nil for nil.
func (p *player) submit(f *found, b binding) []byte {
	if f == nil {
		return nil
	}
	jobID := f.job.ID
	if b.badJob {
		jobID = noJob
	}
	if p.session.Proto == trace.ProtoCKB {
		worker := p.cfg.User
		if b.stranger {
			worker += "-stranger"
		}
		return ckb.AppendSubmit(nil, &ckb.Submit{ID: p.link.requestID(), Worker: worker, JobID: jobID, Nonce2: f.nonce})
	}
	s := cryptonote.Submit{ID: p.link.requestID(), RPCID: p.link.session(), JobID: jobID}
	copy(s.Nonce[:], f.nonce)
	s.Result = f.digest
	if b.badHash {
		// A bit in the middle: the claim stays about as good as the work was.
		s.Result[hash.Size/2] ^= 1
	}
	if b.stranger {
		s.RPCID += "-stranger"
	}
	return cryptonote.AppendSubmit(nil, &s)
}

// rebind takes a malformed request as it was recorded and gives it the live
// request id, session and job; everything else, and so the fault, stays.
func rebind(raw []byte, proto string, l *link, user string) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, &tooFar{fmt.Sprintf("its recorded form cannot be rewritten: %v", err)}
	}
	if m["id"] == nil {
		return nil, &tooFar{"it has no id, so its answer could not be recognised"}
	}
	id, _ := l.requestID().Int()
	m["id"] = id
	job := l.current().ID
	switch params := m["params"].(type) {
	case map[string]any:
		replaceText(params, "id", l.session())
		replaceText(params, "job_id", job)
	case []any:
		if proto == trace.ProtoCKB {
			replaceElement(params, 0, user)
			replaceElement(params, 1, job)
		}
	}
	line, err := json.Marshal(m)
	return append(line, '\n'), err
}

// replaceText sets a member that holds a non-empty string.
func replaceText(m map[string]any, key, value string) {
	if s, ok := m[key].(string); ok && s != "" {
		m[key] = value
	}
}

// replaceElement sets an element that holds a non-empty string.
func replaceElement(list []any, i int, value string) {
	if i >= len(list) {
		return
	}
	if s, ok := list[i].(string); ok && s != "" {
		list[i] = value
	}
}
