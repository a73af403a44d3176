package cryptonote

import (
	"strconv"

	"github.com/aditmine/adit/stratum"
)

// Lengths of a hashing blob in bytes: the shortest holds a nonce at 39, the
// longest is what XMRig has room for.
const (
	MinBlob = 43
	MaxBlob = 407
)

// Job is one piece of work.
type Job struct {
	// ID must change whenever anything else in the job does: XMRig drops a
	// server that sends one job twice.
	ID string
	// Blob is the hashing blob, nonce bytes included.
	Blob []byte
	// Target is the share target, little-endian, 4 or 8 bytes.
	Target []byte
	Algo   string // empty when the server did not say
	Height uint64 // 0 when the server did not say
	// SeedHash and NextSeedHash are 32 bytes, or nil for algorithms that need
	// none.
	SeedHash     []byte
	NextSeedHash []byte
	// RPCID repeats the session id; some old miners and proxies want it.
	RPCID string
}

func parseJob(v stratum.Value) (*Job, error) {
	if v.Kind() != stratum.Object {
		return nil, &stratum.FieldError{Field: "job", Problem: "must be an object"}
	}
	j := new(Job)
	var err error
	if j.ID, err = stratum.RequiredText(v.Field("job_id"), "job_id"); err != nil {
		return nil, err
	}
	if j.Blob, err = stratum.RangeHex(v.Field("blob"), "blob", MinBlob, MaxBlob); err != nil {
		return nil, err
	}
	if j.Target, err = jobTarget(v.Field("target")); err != nil {
		return nil, err
	}
	if j.Algo, err = stratum.OptionalText(v.Field("algo"), "algo"); err != nil {
		return nil, err
	}
	if j.Height, err = stratum.OptionalCount(v.Field("height"), "height"); err != nil {
		return nil, err
	}
	if j.SeedHash, err = seedHash(v.Field("seed_hash"), "seed_hash"); err != nil {
		return nil, err
	}
	if j.NextSeedHash, err = seedHash(v.Field("next_seed_hash"), "next_seed_hash"); err != nil {
		return nil, err
	}
	j.RPCID, err = stratum.OptionalText(v.Field("id"), "id")
	return j, err
}

func jobTarget(v stratum.Value) ([]byte, error) {
	if v.Missing() {
		return nil, stratum.MissingField("target")
	}
	b, ok := v.HexBytes(4, 8)
	if !ok || len(b) != 4 && len(b) != 8 {
		return nil, &stratum.FieldError{Field: "target", Problem: "must be 8 or 16 hexadecimal digits"}
	}
	return b, nil
}

// seedHash reads 32 bytes; missing, null and empty are nil.
func seedHash(v stratum.Value, name string) ([]byte, error) {
	if s, ok := v.Text(); v.Missing() || ok && s == "" {
		return nil, nil
	}
	b := make([]byte, 32)
	return b, stratum.FixedHex(v, name, b)
}

// append appends the job as an object.
func (j *Job) append(dst []byte) []byte {
	dst = append(dst, `{"blob":`...)
	dst = stratum.AppendHex(dst, j.Blob)
	dst = append(dst, `,"job_id":`...)
	dst = stratum.AppendString(dst, j.ID)
	dst = append(dst, `,"target":`...)
	dst = stratum.AppendHex(dst, j.Target)
	dst = appendOptional(dst, `,"algo":`, j.Algo)
	dst = append(dst, `,"height":`...)
	dst = strconv.AppendUint(dst, j.Height, 10)
	if j.SeedHash != nil {
		dst = append(dst, `,"seed_hash":`...)
		dst = stratum.AppendHex(dst, j.SeedHash)
	}
	if j.NextSeedHash != nil {
		dst = append(dst, `,"next_seed_hash":`...)
		dst = stratum.AppendHex(dst, j.NextSeedHash)
	}
	dst = appendOptional(dst, `,"id":`, j.RPCID)
	return append(dst, '}')
}

// appendOptional appends a member unless its value is empty.
func appendOptional(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return stratum.AppendString(append(dst, key...), value)
}
