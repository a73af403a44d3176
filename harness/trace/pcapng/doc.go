// Package pcapng exports traces to the capture format of Wireshark
// (draft-ietf-opsawg-pcapng). A trace holds what was said inside TCP and TLS,
// not packets: the packets are made up around it, with right sequence numbers
// and checksums, so that Wireshark and tshark reassemble exactly the recorded
// bytes.
//
// It imports harness/trace; commands import it.
package pcapng
