package ckb

// NonceSize is the length in bytes of nonce1 and nonce2 together.
const NonceSize = 16

// Error codes, the first element of an error triple. Servers do not agree on
// them (one widespread document uses 21 for low difficulty), so a client shows
// the text and never branches on the number alone.
const (
	CodeOther         = 20
	CodeJobNotFound   = 21 // also a stale share
	CodeDuplicate     = 22
	CodeLowDifficulty = 23
	CodeUnauthorized  = 24
	CodeNotSubscribed = 25
)

// Texts that go with the codes.
const (
	TextJobNotFound   = "Job not found"
	TextStale         = "Stale share"
	TextDuplicate     = "Duplicate share"
	TextLowDifficulty = "Low difficulty"
	TextUnauthorized  = "Unauthorized worker"
	TextNotSubscribed = "Not subscribed"
	TextUnknownMethod = "Unknown method"
	TextInvalidJSON   = "Invalid JSON"
	TextLineTooLong   = "Message too long"
)

// Methods of requests.
const (
	MethodSubscribe           = "mining.subscribe"
	MethodAuthorize           = "mining.authorize"
	MethodSubmit              = "mining.submit"
	MethodExtranonceSubscribe = "mining.extranonce.subscribe"
	MethodSuggestDifficulty   = "mining.suggest_difficulty"
	MethodSuggestTarget       = "mining.suggest_target"
)

// Methods of what servers send.
const (
	MethodSetTarget     = "mining.set_target"
	MethodNotify        = "mining.notify"
	MethodSetDifficulty = "mining.set_difficulty"
	MethodSetExtranonce = "mining.set_extranonce"
	MethodReconnect     = "client.reconnect"
	MethodShowMessage   = "client.show_message"
	MethodGetVersion    = "client.get_version"
)
