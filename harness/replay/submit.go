package replay

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aditmine/adit/harness/rig"
	"github.com/aditmine/adit/harness/trace"
	"github.com/aditmine/adit/hash"
)

// binding says what to get wrong in a share.
type binding struct {
	badHash  bool // claim another digest (CryptoNote)
	badJob   bool // name a job that does not exist
	stranger bool // name a session or worker that is not this connection's
}

// noJob is a job id that no pool issues.
const noJob = "adit-no-such-job"

// request makes a line for a request id.
type request func(id int64) []byte

// submit makes the request for a share.
func (p *player) submit(f *rig.Share, b binding) request {
	share, target, session := *f, *p.link.target, p.link.ID()
	if b.badJob {
		job := *f.Job
		job.ID = noJob
		share.Job = &job
	}
	if b.badHash {
		// A bit in the middle: the claim stays about as good as the work was.
		share.Digest[hash.Size/2] ^= 1
	}
	if b.stranger {
		session += "-stranger"
		target.Login += "-stranger"
	}
	return func(id int64) []byte { return rig.AppendSubmit(nil, &target, session, id, &share) }
}

// rebind takes a malformed request as it was recorded and gives it the live
// session and job, and the request id once it is known; everything else, and so
// the fault, stays.
func rebind(raw []byte, l *link) (request, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		return nil, &tooFar{fmt.Sprintf("its recorded form cannot be rewritten: %v", err)}
	}
	if m["id"] == nil {
		return nil, &tooFar{"it has no id, so its answer could not be recognised"}
	}
	job := l.Job().ID
	switch params := m["params"].(type) {
	case map[string]any:
		replaceText(params, "id", l.ID())
		replaceText(params, "job_id", job)
	case []any:
		if l.target.Proto == trace.ProtoCKB {
			replaceElement(params, 0, l.target.Login)
			replaceElement(params, 1, job)
		}
	}
	return func(id int64) []byte {
		m["id"] = id
		line, _ := json.Marshal(m) // what was read from JSON can be written
		return append(line, '\n')
	}, nil
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
