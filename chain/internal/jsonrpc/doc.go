// Package jsonrpc is JSON-RPC 2.0 over HTTP as coin nodes and wallets speak
// it: a client for the node and wallet packages, and a small server for the
// simulated nodes.
//
// It knows nothing of any coin and imports nothing of adit. Packages under
// chain import it; nobody else may (it is internal to chain).
package jsonrpc

// Standard error codes of JSON-RPC 2.0, section 5.1.
const (
	CodeParse          = -32700
	CodeInvalidRequest = -32600
	CodeMethodNotFound = -32601
	CodeInvalidParams  = -32602
	CodeInternal       = -32603
)

// DefaultMaxResponse bounds an answer, in bytes, when Client.MaxResponse is
// zero. A CKB block is at most 597 000 bytes and doubles as hex; a Monero
// template is smaller still.
const DefaultMaxResponse = 16 << 20

// DefaultMaxRequest bounds a request body, in bytes, when Handler.MaxRequest
// is zero.
const DefaultMaxRequest = 4 << 20
