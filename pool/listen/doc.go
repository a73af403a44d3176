// Package listen is what lies between a listener and a stratum session: who is
// really at the other end, and whether the connection is encrypted.
//
// Open looks at the first bytes of a connection. From a trusted proxy it takes a
// PROXY protocol header, and nobody else's is believed. A first byte of 0x16, a
// TLS record of a handshake (RFC 8446, section 5.1), starts TLS; anything else is plain stratum on the same
// port. Certificate holds what TLS shows, and can be replaced while it runs.
// Limiter bounds how often one address may do something.
//
// It imports stratum/proxyproto. Package pool uses it, and cmd for certificates.
package listen
