package trace

import "strings"

// loginSeparators stand between address, worker name and options in a login.
const loginSeparators = ".+#@~%/: "

// vocabulary holds words that pools use in their answers. A worker with such
// a name is hidden where it is named, but not in "Low difficulty share", which
// the judge must be able to read.
var vocabulary = wordSet(`accepted address algo auth authenticated authorized bad banned
block client code current difficulty duplicate error expired extranonce fail failed false
found hash height invalid keepalived login malformed method mining miner network nonce null
outdated password pool rejected reject request result share shares stale status submit
subscribed target true unauthenticated unauthorized unknown user wallet worker wrong`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		set[word] = true
	}
	return set
}

// secretFields finds the fields of a request that hold secrets and learns
// what they hold.
func (r *Redactor) secretFields(method string, strs []jsonString) []edit {
	var edits []edit
	for i, s := range strs {
		if s.key || s.value == "" {
			continue
		}
		switch kind := kindOf(strings.ToLower(method), strings.ToLower(s.path)); kind {
		case "":
		case "login":
			edits = append(edits, edit{i, r.login(s.value)})
		default:
			edits = append(edits, edit{i, r.learn(kind, s.value)})
		}
	}
	return edits
}

// kindOf names what a field of a request holds, "" for nothing secret.
func kindOf(method, path string) string {
	switch path {
	case "params.login", "params.user", "params.username", "params.address", "params.wallet":
		return "login"
	case "params.pass", "params.passwd", "params.password", "params.email":
		return "pass"
	case "params.rigid", "params.rig", "params.worker":
		return "rig"
	}
	switch method + " " + path {
	case "mining.authorize params.0", "mining.submit params.0", "login params.0", "ckb_submitlogin params.0":
		return "login"
	case "mining.authorize params.1", "login params.1", "ckb_submitlogin params.1":
		return "pass"
	}
	return ""
}

// login redacts "address.worker+5000" part by part: the first part is the
// address, parts made of digits are difficulties and stay, others are names.
func (r *Redactor) login(value string) string {
	var out strings.Builder
	kind := "addr"
	for value != "" {
		end := strings.IndexAny(value, loginSeparators)
		if end < 0 {
			end = len(value)
		}
		if part := value[:end]; part != "" {
			if kind == "rig" && isDigits(part) && len(part) < 16 {
				out.WriteString(part)
			} else {
				out.WriteString(r.learn(kind, part))
			}
			kind = "rig"
		}
		if end < len(value) {
			out.WriteByte(value[end])
			end++
		}
		value = value[end:]
	}
	return out.String()
}

// protocolField reports whether a string is one a judge needs as it is: only
// long secrets, which no such field holds by chance, are replaced in it.
func protocolField(method, path string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	switch name {
	case "id", "jsonrpc", "method", "job_id", "blob", "target", "algo", "nonce", "result",
		"status", "seed_hash", "next_seed_hash", "prev_hash", "sig", "sig_key", "commitment":
		return true
	}
	if strings.HasPrefix(path, "result.") && isDigits(name) {
		return true // the reply to mining.subscribe
	}
	switch method {
	case "mining.subscribe":
		return path == "params.1" // the session; the agent is free text
	case "mining.notify", "mining.set_target", "mining.set_extranonce", "mining.submit":
		return strings.HasPrefix(path, "params.") && isDigits(name)
	}
	return false
}

// valueAt returns the string at a path, "" when there is none.
func valueAt(strs []jsonString, path string) string {
	for _, s := range strs {
		if !s.key && s.path == path {
			return s.value
		}
	}
	return ""
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
