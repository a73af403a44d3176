package cryptonote

import (
	"strconv"

	"github.com/aditmine/adit/stratum"
)

// AppendLogin appends a login request.
func AppendLogin(dst []byte, r *Login) []byte {
	dst = appendRequest(dst, r.ID, MethodLogin)
	dst = append(dst, `"login":`...)
	dst = stratum.AppendString(dst, r.Login)
	dst = append(dst, `,"pass":`...)
	dst = stratum.AppendString(dst, r.Pass)
	dst = append(dst, `,"agent":`...)
	dst = stratum.AppendString(dst, r.Agent)
	dst = appendOptional(dst, `,"rigid":`, r.RigID)
	dst = appendOptional(dst, `,"mode":`, r.Mode)
	if r.Algos != nil {
		dst = append(dst, `,"algo":`...)
		dst = appendList(dst, r.Algos)
	}
	return append(dst, "}}\n"...)
}

// AppendSubmit appends a submit request.
func AppendSubmit(dst []byte, r *Submit) []byte {
	dst = appendRequest(dst, r.ID, MethodSubmit)
	dst = append(dst, `"id":`...)
	dst = stratum.AppendString(dst, r.RPCID)
	dst = append(dst, `,"job_id":`...)
	dst = stratum.AppendString(dst, r.JobID)
	dst = append(dst, `,"nonce":`...)
	dst = stratum.AppendHex(dst, r.Nonce[:])
	dst = append(dst, `,"result":`...)
	dst = stratum.AppendHex(dst, r.Result[:])
	dst = appendOptional(dst, `,"algo":`, r.Algo)
	return append(dst, "}}\n"...)
}

// AppendKeepalived appends a keepalived request.
func AppendKeepalived(dst []byte, r *Keepalived) []byte {
	return appendIDRequest(dst, r.ID, MethodKeepalived, r.RPCID)
}

// AppendGetJob appends a getjob request.
func AppendGetJob(dst []byte, r *GetJob) []byte {
	return appendIDRequest(dst, r.ID, MethodGetJob, r.RPCID)
}

func appendIDRequest(dst []byte, id stratum.ID, method, rpcID string) []byte {
	dst = appendRequest(dst, id, method)
	dst = append(dst, `"id":`...)
	dst = stratum.AppendString(dst, rpcID)
	return append(dst, "}}\n"...)
}

// appendRequest opens a request up to and including the brace of its params.
func appendRequest(dst []byte, id stratum.ID, method string) []byte {
	dst = append(dst, '{')
	if !id.Absent() {
		dst = append(dst, `"id":`...)
		dst = id.Append(dst)
		dst = append(dst, ',')
	}
	dst = append(dst, `"jsonrpc":"2.0","method":"`...)
	dst = append(dst, method...)
	return append(dst, `","params":{`...)
}

// AppendLoginResult appends the answer to a login that succeeded.
func AppendLoginResult(dst []byte, id stratum.ID, r *LoginResult) []byte {
	dst = appendReply(dst, id)
	dst = append(dst, `null,"result":{"id":`...)
	dst = stratum.AppendString(dst, r.RPCID)
	dst = append(dst, `,"job":`...)
	dst = r.Job.append(dst)
	if r.Extensions != nil {
		dst = append(dst, `,"extensions":`...)
		dst = appendList(dst, r.Extensions)
	}
	dst = append(dst, `,"status":`...)
	dst = stratum.AppendString(dst, r.Status)
	return append(dst, "}}\n"...)
}

// AppendJob appends a job notification.
func AppendJob(dst []byte, j *Job) []byte {
	dst = append(dst, `{"jsonrpc":"2.0","method":"job","params":`...)
	dst = j.append(dst)
	return append(dst, "}\n"...)
}

// AppendJobResult appends the answer to getjob: the bare job.
func AppendJobResult(dst []byte, id stratum.ID, j *Job) []byte {
	dst = appendReply(dst, id)
	dst = append(dst, `null,"result":`...)
	dst = j.append(dst)
	return append(dst, "}\n"...)
}

// AppendOK appends the answer to a share that counts.
func AppendOK(dst []byte, id stratum.ID) []byte {
	return appendStatus(dst, id, StatusOK)
}

// AppendKeepalivedResult appends the answer to keepalived.
func AppendKeepalivedResult(dst []byte, id stratum.ID) []byte {
	return appendStatus(dst, id, StatusKeepalive)
}

func appendStatus(dst []byte, id stratum.ID, status string) []byte {
	dst = appendReply(dst, id)
	dst = append(dst, `null,"result":{"status":"`...)
	dst = append(dst, status...)
	return append(dst, "\"}}\n"...)
}

// AppendError appends an error reply. The code is CodeError as a rule.
func AppendError(dst []byte, id stratum.ID, code int, text string) []byte {
	dst = appendReply(dst, id)
	dst = append(dst, `{"code":`...)
	dst = strconv.AppendInt(dst, int64(code), 10)
	dst = append(dst, `,"message":`...)
	dst = stratum.AppendString(dst, text)
	return append(dst, "}}\n"...)
}

// appendReply opens a reply up to the value of its error member.
func appendReply(dst []byte, id stratum.ID) []byte {
	dst = append(dst, `{"id":`...)
	dst = id.Append(dst)
	return append(dst, `,"jsonrpc":"2.0","error":`...)
}

// AppendReconnect appends the notification that sends the miner to another
// host and port.
func AppendReconnect(dst []byte, r *Reconnect) []byte {
	dst = append(dst, `{"id":null,"method":"client.reconnect","params":[`...)
	dst = stratum.AppendString(dst, r.Host)
	dst = append(dst, `,"`...)
	dst = strconv.AppendUint(dst, uint64(r.Port), 10)
	return append(dst, "\"]}\n"...)
}

func appendList(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = stratum.AppendString(dst, s)
	}
	return append(dst, ']')
}
