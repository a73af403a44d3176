package pool

// Reason is why a share or another request was refused: a closed set, the same
// for both dialects, in which statistics count. The texts that miners see
// belong to the dialects.
type Reason string

// The reasons, in the order in which the judge checks.
const (
	TooManyConnections Reason = "too-many-connections" // in total, or from one address
	NotOpened          Reason = "not-opened"           // neither plain stratum nor TLS as the port wants it, or a proxy's bad header
	BannedMiner        Reason = "banned"               // login: a ban holds for it
	TooManyLogins      Reason = "too-many-logins"      // from one address
	Malformed          Reason = "malformed"            // not JSON, or members missing or of the wrong shape
	UnknownMethod      Reason = "unknown-method"       // no such request
	BadLogin           Reason = "bad-login"            // login: address, difficulty or algorithm
	NoTemplate         Reason = "no-template"          // login: there is nothing to mine now
	Unauthenticated    Reason = "unauthenticated"      // no session, another's id, or an unknown worker
	WrongAlgorithm     Reason = "wrong-algorithm"      // the share is of another algorithm
	UnknownJob         Reason = "unknown-job"          // a job that this session was never given
	BadNonce           Reason = "bad-nonce"            // the byte of the nonce that is the pool's is another
	Stale              Reason = "stale"                // the job's block is history
	LowDifficulty      Reason = "low-difficulty"       // does not meet the job's target
	Duplicate          Reason = "duplicate"            // submitted before
	Overloaded         Reason = "overloaded"           // too many shares wait to be verified
	BadHash            Reason = "bad-hash"             // the claimed result is not the hash
	NotRecorded        Reason = "not-recorded"         // the ledger could not be written
)

// accepted is the reason of what was not refused.
const accepted Reason = ""
