package bank

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/aditmine/adit/hash"
)

// Version is the version of the format.
const Version = 1

// Bounds of a file, so that a damaged one cannot exhaust the reader.
const (
	maxLine   = 64 << 10 // bytes
	maxBlob   = 8 << 10  // bytes
	maxShares = 4_000_000
)

// line is a line of the file behind the header: a work, or a share of the work
// before it.
type line struct {
	Work  *workLine  `json:"work,omitempty"`
	Share *shareLine `json:"share,omitempty"`
}

// workLine is a Lot without its shares. Bytes are hexadecimal; the target is
// written as a number, most significant digits first.
type workLine struct {
	Algorithm string `json:"algo"`
	Height    uint64 `json:"height,omitempty"`
	Blob      string `json:"blob"`
	Offset    int    `json:"offset"`
	Size      int    `json:"size"`
	Sum       string `json:"sha256"`
	Target    string `json:"target"`
	Tried     uint64 `json:"tried"`
}

type shareLine struct {
	Nonce  uint64 `json:"nonce"`
	Digest string `json:"digest"` // in the order in which it is submitted
}

// Write writes the bank: a line of JSON for the header, and one for each work
// and each share.
func (b *Bank) Write(w io.Writer) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	if err := enc.Encode(&b.Header); err != nil {
		return fmt.Errorf("writing the share bank: %w", err)
	}
	for _, l := range b.order {
		if err := l.write(enc); err != nil {
			return fmt.Errorf("writing the share bank: %w", err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("writing the share bank: %w", err)
	}
	return nil
}

func (l *Lot) write(enc *json.Encoder) error {
	sum := l.Sum()
	if err := enc.Encode(line{Work: &workLine{Algorithm: l.Algorithm.Name, Height: l.Height, Blob: hex.EncodeToString(l.zeroed()),
		Offset: l.Offset, Size: l.Size, Sum: hex.EncodeToString(sum[:]), Target: hex.EncodeToString(l.Target[:]), Tried: l.Tried}}); err != nil {
		return err
	}
	for _, s := range l.Shares {
		if err := enc.Encode(line{Share: &shareLine{Nonce: s.Nonce, Digest: hex.EncodeToString(s.Digest[:])}}); err != nil {
			return err
		}
	}
	return nil
}

// LineError says what is wrong with a bank, and where.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *LineError) Unwrap() error { return e.Err }

// reader is the state of reading a bank.
type reader struct {
	bank   *Bank
	lot    *Lot // that shares belong to
	shares int
}

// Read reads a bank and checks its form; Verify checks its truth. A mistake is a
// *LineError.
func Read(r io.Reader) (*Bank, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	state := &reader{}
	n := 0
	for lines.Scan() {
		n++
		if err := state.line(lines.Bytes(), n); err != nil {
			return nil, &LineError{n, err}
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, &LineError{n + 1, fmt.Errorf("longer than %d bytes", maxLine)}
	case err != nil:
		return nil, fmt.Errorf("reading the share bank: %w", err)
	case state.bank == nil:
		return nil, &LineError{1, errors.New("the file is empty")}
	}
	if err := state.finish(); err != nil {
		return nil, &LineError{n, err}
	}
	return state.bank, nil
}

// line takes the next line.
func (r *reader) line(text []byte, n int) error {
	if r.bank == nil {
		return r.header(text)
	}
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return fmt.Errorf("it is neither a work nor a share: %w", err)
	}
	switch {
	case l.Work != nil && l.Share == nil:
		if err := r.finish(); err != nil {
			return err
		}
		lot, err := l.Work.lot()
		r.lot = lot
		return err
	case l.Share != nil && l.Work == nil:
		return r.share(l.Share, n)
	}
	return errors.New("it is neither a work nor a share")
}

func (r *reader) header(text []byte) error {
	var h Header
	if err := json.Unmarshal(text, &h); err != nil || h.Version == 0 {
		return errors.New("this is no share bank")
	}
	if h.Version != Version {
		return fmt.Errorf("version %d of the format: this program reads %d", h.Version, Version)
	}
	r.bank = New(h)
	return nil
}

// finish puts the lot that was read into the bank.
func (r *reader) finish() error {
	lot := r.lot
	r.lot = nil
	if lot != nil && !r.bank.Add(lot) {
		return errors.New("the work before it is in the file twice")
	}
	return nil
}

// lot checks a work line.
func (w *workLine) lot() (*Lot, error) {
	a, err := hash.Lookup(w.Algorithm)
	if err != nil {
		return nil, err
	}
	l := &Lot{Work: Work{Algorithm: a, Height: w.Height, Offset: w.Offset, Size: w.Size}, Tried: w.Tried}
	if len(w.Blob) > 2*maxBlob {
		return nil, fmt.Errorf("a blob of more than %d bytes", maxBlob)
	}
	if l.Blob, err = hex.DecodeString(w.Blob); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	if w.Offset < 0 || w.Size < 1 || w.Size > len(l.Blob) || w.Offset > len(l.Blob)-w.Size {
		return nil, fmt.Errorf("%d bytes of nonce at %d do not lie in a blob of %d", w.Size, w.Offset, len(l.Blob))
	}
	if err := readHex(l.Target[:], w.Target); err != nil {
		return nil, fmt.Errorf("target: %w", err)
	}
	if sum := l.Sum(); hex.EncodeToString(sum[:]) != w.Sum || !bytes.Equal(l.Blob, l.zeroed()) {
		return nil, errors.New("the work is not the one that its sha256 is of: the line is damaged")
	}
	return l, nil
}

// share checks a share line: its form, its order, and that the digest it claims
// would do.
func (r *reader) share(s *shareLine, n int) error {
	l := r.lot
	if l == nil {
		return errors.New("a share without a work before it")
	}
	if r.shares++; r.shares > maxShares {
		return fmt.Errorf("more than %d shares", maxShares)
	}
	share := Share{Nonce: s.Nonce}
	if err := readHex(share.Digest[:], s.Digest); err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	switch {
	case s.Nonce >= l.Tried:
		return fmt.Errorf("nonce %d is not below the %d that were tried", s.Nonce, l.Tried)
	case len(l.Shares) > 0 && s.Nonce <= l.Shares[len(l.Shares)-1].Nonce:
		return errors.New("its nonce does not come behind the one before")
	case l.Size < counterBytes && s.Nonce >= 1<<(8*l.Size):
		return fmt.Errorf("nonce %d has more than %d bytes", s.Nonce, l.Size)
	case !l.Algorithm.Meets(&share.Digest, &l.Target):
		return errors.New("the digest does not meet the target")
	}
	l.Shares, l.lines = append(l.Shares, share), append(l.lines, n)
	return nil
}

// readHex fills dst with hexadecimal digits, exactly.
func readHex(dst []byte, s string) error {
	if len(s) != 2*len(dst) {
		return fmt.Errorf("%d digits instead of %d", len(s), 2*len(dst))
	}
	_, err := hex.Decode(dst, []byte(s))
	return err
}
