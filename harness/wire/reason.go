package wire

import "strings"

// Reason is a pool's reason for a rejection, brought to a closed set.
type Reason string

// The reasons.
const (
	ReasonLow       Reason = "low"
	ReasonDuplicate Reason = "duplicate"
	ReasonStale     Reason = "stale"
	ReasonJob       Reason = "job"
	ReasonMalformed Reason = "malformed"
	ReasonHash      Reason = "hash"
	ReasonAuth      Reason = "auth"
	ReasonThrottled Reason = "throttled"
	ReasonOther     Reason = "other"
)

// phrases are looked for in order in the lower-case text of an error. They
// cover the texts of the pools in the reference and their obvious variants.
var phrases = []struct {
	part   string
	reason Reason
}{
	{"banned", ReasonThrottled}, {"throttl", ReasonThrottled}, {"too many", ReasonThrottled},
	{"rate limit", ReasonThrottled},
	{"unauth", ReasonAuth}, {"not authori", ReasonAuth}, {"not subscribed", ReasonAuth},
	{"not logged", ReasonAuth}, {"permission", ReasonAuth},
	{"duplicate", ReasonDuplicate}, {"already submitted", ReasonDuplicate},
	{"low diff", ReasonLow}, {"low-diff", ReasonLow}, {"above target", ReasonLow}, {"below difficulty", ReasonLow},
	{"stale", ReasonStale}, {"expired", ReasonStale}, {"outdated", ReasonStale}, {"height delta", ReasonStale},
	{"malformed", ReasonMalformed}, {"nonce", ReasonMalformed}, {"length", ReasonMalformed},
	{"hex", ReasonMalformed}, {"params", ReasonMalformed}, {"missing", ReasonMalformed},
	{"json", ReasonMalformed}, {"attack", ReasonMalformed}, {"incorrect algorithm", ReasonMalformed},
	{"job", ReasonJob},
	{"bad hash", ReasonHash}, {"invalid result", ReasonHash}, {"invalid share", ReasonHash},
	{"incorrect hash", ReasonHash}, {"wrong hash", ReasonHash}, {"hash mismatch", ReasonHash},
}

// codes are the meanings of CKB stratum error codes on which servers agree.
// 21 is missing on purpose: it means stale here and low difficulty there.
var codes = map[int]Reason{
	22: ReasonDuplicate, 23: ReasonLow, 24: ReasonAuth, 25: ReasonAuth, 27: ReasonMalformed, 36: ReasonJob, 37: ReasonStale,
}

// ClassifyReason brings an error to the closed set: by its text, and by its
// code where the text says nothing.
func ClassifyReason(code int, text string) Reason {
	low := strings.ToLower(text)
	for _, p := range phrases {
		if strings.Contains(low, p.part) {
			return p.reason
		}
	}
	if r, known := codes[code]; known {
		return r
	}
	return ReasonOther
}
