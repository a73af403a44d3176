package ckb

import (
	"strconv"

	"github.com/aditmine/adit/stratum"
)

// AppendSubscribe appends a mining.subscribe request.
func AppendSubscribe(dst []byte, r *Subscribe) []byte {
	dst = appendMethod(dst, r.ID, MethodSubscribe)
	dst = stratum.AppendString(dst, r.Agent)
	dst = append(dst, ',')
	if r.SessionID == "" {
		dst = append(dst, "null"...)
	} else {
		dst = stratum.AppendString(dst, r.SessionID)
	}
	return append(dst, "]}\n"...)
}

// AppendAuthorize appends a mining.authorize request.
func AppendAuthorize(dst []byte, r *Authorize) []byte {
	dst = appendMethod(dst, r.ID, MethodAuthorize)
	dst = stratum.AppendString(dst, r.User)
	dst = append(dst, ',')
	dst = stratum.AppendString(dst, r.Pass)
	return append(dst, "]}\n"...)
}

// AppendSubmit appends a mining.submit request.
func AppendSubmit(dst []byte, r *Submit) []byte {
	dst = appendMethod(dst, r.ID, MethodSubmit)
	dst = stratum.AppendString(dst, r.Worker)
	dst = append(dst, ',')
	dst = stratum.AppendString(dst, r.JobID)
	dst = append(dst, ',')
	dst = stratum.AppendHex(dst, r.Nonce2)
	return append(dst, "]}\n"...)
}

// AppendExtranonceSubscribe appends a mining.extranonce.subscribe request.
func AppendExtranonceSubscribe(dst []byte, r *ExtranonceSubscribe) []byte {
	return append(appendMethod(dst, r.ID, MethodExtranonceSubscribe), "]}\n"...)
}

// AppendSuggestDifficulty appends a mining.suggest_difficulty request.
func AppendSuggestDifficulty(dst []byte, r *SuggestDifficulty) []byte {
	dst = appendMethod(dst, r.ID, MethodSuggestDifficulty)
	dst = strconv.AppendFloat(dst, r.Difficulty, 'g', -1, 64)
	return append(dst, "]}\n"...)
}

// AppendSuggestTarget appends a mining.suggest_target request.
func AppendSuggestTarget(dst []byte, r *SuggestTarget) []byte {
	dst = appendMethod(dst, r.ID, MethodSuggestTarget)
	dst = stratum.AppendHex(dst, r.Target[:])
	return append(dst, "]}\n"...)
}

// AppendSubscribeResult appends the answer to mining.subscribe.
func AppendSubscribeResult(dst []byte, id stratum.ID, r *SubscribeResult) []byte {
	dst = appendResult(dst, id)
	dst = append(dst, '[')
	if r.SessionID == "" {
		dst = append(dst, "null"...)
	} else {
		dst = stratum.AppendString(dst, r.SessionID)
	}
	dst = append(dst, ',')
	dst = appendNonceSplit(dst, r.Nonce1, r.Nonce2Size)
	return append(dst, `],"error":null}`+"\n"...)
}

// AppendResult appends the answer true or false without an error. A refusal
// that has a reason is an AppendError.
func AppendResult(dst []byte, id stratum.ID, ok bool) []byte {
	dst = appendResult(dst, id)
	dst = strconv.AppendBool(dst, ok)
	return append(dst, `,"error":null}`+"\n"...)
}

// AppendError appends an error reply: result null, error [code, text, null].
func AppendError(dst []byte, id stratum.ID, code int, text string) []byte {
	dst = appendResult(dst, id)
	dst = append(dst, `null,"error":[`...)
	dst = strconv.AppendInt(dst, int64(code), 10)
	dst = append(dst, ',')
	dst = stratum.AppendString(dst, text)
	return append(dst, ",null]}\n"...)
}

// AppendVersion appends a miner's answer to client.get_version.
func AppendVersion(dst []byte, id stratum.ID, agent string) []byte {
	dst = appendResult(dst, id)
	dst = stratum.AppendString(dst, agent)
	return append(dst, `,"error":null}`+"\n"...)
}

// AppendSetTarget appends a mining.set_target notification.
func AppendSetTarget(dst []byte, t *SetTarget) []byte {
	dst = appendMethod(dst, stratum.NullID(), MethodSetTarget)
	dst = stratum.AppendHex(dst, t.Target[:])
	return append(dst, "]}\n"...)
}

// AppendNotify appends a mining.notify notification. ParentHash may be nil.
func AppendNotify(dst []byte, n *Notify) []byte {
	dst = appendMethod(dst, stratum.NullID(), MethodNotify)
	dst = stratum.AppendString(dst, n.JobID)
	dst = append(dst, ',')
	dst = stratum.AppendHex(dst, n.PowHash[:])
	dst = append(dst, ',')
	dst = strconv.AppendUint(dst, n.Height, 10)
	dst = append(dst, ',')
	dst = stratum.AppendHex(dst, n.ParentHash)
	dst = append(dst, ',')
	dst = strconv.AppendBool(dst, n.Clean)
	return append(dst, "]}\n"...)
}

// AppendSetDifficulty appends a mining.set_difficulty notification.
func AppendSetDifficulty(dst []byte, d *SetDifficulty) []byte {
	dst = appendMethod(dst, stratum.NullID(), MethodSetDifficulty)
	dst = strconv.AppendFloat(dst, d.Difficulty, 'g', -1, 64)
	return append(dst, "]}\n"...)
}

// AppendSetExtranonce appends a mining.set_extranonce notification.
func AppendSetExtranonce(dst []byte, e *SetExtranonce) []byte {
	dst = appendMethod(dst, stratum.NullID(), MethodSetExtranonce)
	dst = appendNonceSplit(dst, e.Nonce1, e.Nonce2Size)
	return append(dst, "]}\n"...)
}

// AppendReconnect appends a client.reconnect notification.
func AppendReconnect(dst []byte, r *Reconnect) []byte {
	dst = appendMethod(dst, stratum.NullID(), MethodReconnect)
	dst = stratum.AppendString(dst, r.Host)
	dst = append(dst, ',')
	dst = strconv.AppendUint(dst, uint64(r.Port), 10)
	return append(dst, "]}\n"...)
}

// AppendShowMessage appends a client.show_message notification.
func AppendShowMessage(dst []byte, s *ShowMessage) []byte {
	dst = appendMethod(dst, stratum.NullID(), MethodShowMessage)
	dst = stratum.AppendString(dst, s.Text)
	return append(dst, "]}\n"...)
}

// AppendGetVersion appends a client.get_version request.
func AppendGetVersion(dst []byte, g *GetVersion) []byte {
	return append(appendMethod(dst, g.ID, MethodGetVersion), "]}\n"...)
}

// appendMethod opens a request or notification up to and including the bracket
// of its params.
func appendMethod(dst []byte, id stratum.ID, method string) []byte {
	dst = append(dst, '{')
	if !id.Absent() {
		dst = append(dst, `"id":`...)
		dst = id.Append(dst)
		dst = append(dst, ',')
	}
	dst = append(dst, `"method":"`...)
	dst = append(dst, method...)
	return append(dst, `","params":[`...)
}

// appendResult opens a reply up to the value of its result.
func appendResult(dst []byte, id stratum.ID) []byte {
	dst = append(dst, `{"id":`...)
	dst = id.Append(dst)
	return append(dst, `,"result":`...)
}

func appendNonceSplit(dst, nonce1 []byte, size int) []byte {
	dst = stratum.AppendHex(dst, nonce1)
	dst = append(dst, ',')
	return strconv.AppendInt(dst, int64(size), 10)
}
