package trace

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"hash/crc32"
)

// castagnoli is the table of CRC-32C (RFC 3720 appendix B.4).
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sums are the running checksums of a file: the CRC since the start of the
// last checkpoint's line, and the SHA-256 since the start of the file.
type sums struct {
	crc  uint32
	sha  hash.Hash
	from int64 // where the CRC's range starts
	// kept is a checkpoint or end line that was read but is not yet part of
	// the sums: its own values cover only what lies before it.
	kept []byte
}

func newSums() sums { return sums{sha: sha256.New()} }

// add takes a line into both sums.
func (s *sums) add(line []byte) {
	s.crc = crc32.Update(s.crc, castagnoli, line)
	s.sha.Write(line)
}

// keep holds a line back until restart.
func (s *sums) keep(line []byte) { s.kept = append(s.kept[:0], line...) }

// restart begins a new CRC range with the kept line, which starts at offset.
func (s *sums) restart(offset int64) {
	s.crc, s.from = 0, offset
	s.add(s.kept)
}

// checkpoint describes what has been added so far.
func (s *sums) checkpoint(events uint64, offset int64) *Checkpoint {
	return &Checkpoint{Events: events, CRC32C: fmt.Sprintf("%08x", s.crc), Offset: offset}
}

// mismatch says in what a checkpoint disagrees, or nothing.
func (s *sums) mismatch(k *Checkpoint, events uint64, offset int64) string {
	want := s.checkpoint(events, offset)
	switch {
	case k.Offset != want.Offset:
		return fmt.Sprintf("checkpoint says it starts at byte %d, it starts at byte %d", k.Offset, want.Offset)
	case k.CRC32C != want.CRC32C:
		return fmt.Sprintf("checksum %s expected, %s found", k.CRC32C, want.CRC32C)
	case k.Events != want.Events:
		return fmt.Sprintf("checkpoint counts %d events, %d were read", k.Events, want.Events)
	}
	return ""
}

// endMismatch says in what an end record disagrees, or nothing.
func (s *sums) endMismatch(e *End, events uint64) string {
	switch got := hex.EncodeToString(s.sha.Sum(nil)); {
	case e.SHA256 != got:
		return fmt.Sprintf("SHA-256 %s expected, %s found", e.SHA256, got)
	case e.Events != events:
		return fmt.Sprintf("end record counts %d events, %d were read", e.Events, events)
	}
	return ""
}
