package cryptonote

import "strings"

// CodeError is the error code of this dialect: -1, whatever happened. Miners
// go by the text.
const CodeError = -1

// Error texts that make XMRig, and our own client, drop the connection and
// log in anew. It matches them as prefixes, whatever their case.
const (
	TextUnauthenticated = "Unauthenticated"
	TextBanned          = "Your IP is banned"
	TextBannedNow       = "IP Address currently banned"
	TextInvalidJobID    = "Invalid job id"
)

// Error texts that reject one share or one login. They are those of the
// servers miners already know.
const (
	TextMissingLogin    = "Missing login"
	TextInvalidAddress  = "Invalid address used for login"
	TextInvalidNetwork  = "Invalid address network type"
	TextNoCommonAlgo    = "No compatible algorithm found, change algo option in your miner."
	TextNoTemplate      = "No block template yet. Please wait."
	TextUnknownJob      = "Job not found"
	TextIncorrectAlgo   = "Incorrect algorithm"
	TextMalformedNonce  = "Malformed nonce"
	TextMalformedResult = "Malformed result"
	TextInvalidNonce    = "Invalid nonce; is miner not compatible with NiceHash?"
	TextDuplicateShare  = "Duplicate share"
	TextBlockExpired    = "Block expired"
	TextBlockOutdated   = "Block outdated"
	TextLowDifficulty   = "Low difficulty share"
	TextInvalidShare    = "Invalid share"
	TextThrottled       = "Throttled down share submission (please increase difficulty)"
	TextUnknownMethod   = "Invalid method"
	TextInvalidJSON     = "Invalid JSON"
	TextLineTooLong     = "Message too long"
)

// IsCritical reports whether an error text makes a miner drop the connection
// and log in anew.
func IsCritical(text string) bool {
	for _, prefix := range [...]string{TextUnauthenticated, TextBanned, TextBannedNow, TextInvalidJobID} {
		if len(text) >= len(prefix) && strings.EqualFold(text[:len(prefix)], prefix) {
			return true
		}
	}
	return false
}

// Status texts of successful results.
const (
	StatusOK        = "OK"
	StatusKeepalive = "KEEPALIVED"
)

// Extensions a server can announce in its login result.
const (
	ExtensionAlgo      = "algo"      // jobs name their algorithm, submits shall too
	ExtensionNiceHash  = "nicehash"  // the highest nonce byte belongs to the server
	ExtensionConnect   = "connect"   // client.reconnect may come
	ExtensionTLS       = "tls"       // TLS is spoken on the same port
	ExtensionKeepalive = "keepalive" // keepalived is answered
)
