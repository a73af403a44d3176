package trace

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// gzipMagic starts every member this package writes (deflate is the only
// method there is).
var gzipMagic = []byte{0x1f, 0x8b, 0x08}

// errDamaged marks compressed data that cannot be decoded further.
var errDamaged = errors.New("compressed data is damaged")

// errCut marks a file that ends in the middle of a line or of a gzip member.
var errCut = errors.New("file ends in the middle of a line")

// errLong marks a line over MaxLine; the rest of it has been skipped.
var errLong = fmt.Errorf("line is longer than %d bytes", MaxLine)

// source yields the uncompressed lines of a file.
type source struct {
	lines *bufio.Reader
	gz    *members // nil for a plain file
	buf   []byte
	half  int  // bytes of an incomplete last line
	cut   bool // the input ended in the middle of a line or member
}

// newSource looks at the first bytes of r to tell gzip from plain text.
func newSource(r io.Reader) (*source, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(len(gzipMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if !bytes.Equal(head, gzipMagic) {
		return &source{lines: in}, nil
	}
	gz := &members{seeker: seekerOf(r), in: &counter{r: in}}
	return &source{lines: bufio.NewReaderSize(gz, 64<<10), gz: gz}, nil
}

// seekerOf returns r's seeker when its position is known to be the start.
func seekerOf(r io.Reader) io.ReadSeeker {
	s, ok := r.(io.ReadSeeker)
	if !ok {
		return nil
	}
	if _, err := s.Seek(0, io.SeekCurrent); err != nil {
		return nil // a pipe
	}
	return s
}

// line returns the next line with its line feed. The slice is valid until the
// next call. Errors: io.EOF at a clean end, errCut, errLong, errDamaged.
func (s *source) line() ([]byte, error) {
	s.buf = s.buf[:0]
	long := false
	for {
		part, err := s.lines.ReadSlice('\n')
		if !long && len(s.buf)+len(part) > MaxLine {
			long, s.buf = true, s.buf[:0]
		}
		if !long {
			s.buf = append(s.buf, part...)
		}
		switch {
		case err == nil && long:
			return nil, errLong
		case err == nil:
			return s.buf, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, s.fail(err, long)
		}
	}
}

// fail translates a read error and keeps count of a half line.
func (s *source) fail(err error, long bool) error {
	s.half = len(s.buf)
	switch {
	case errors.Is(err, io.EOF) && s.half == 0 && !long:
		return io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.cut = true
		return errCut
	}
	return err
}

// cutInMember reports whether a compressed file that can be read again ended
// inside a member. That is how a crash looks, and also a damaged length.
func (s *source) cutInMember() bool {
	return s.cut && s.gz != nil && s.gz.seeker != nil
}

// junk reports whether the file goes on behind its last member with
// something that is too short to be one.
func (s *source) junk() bool { return s.gz != nil && s.gz.headerCut }

// resync continues after damage in a compressed file: at the next member that
// starts with a checkpoint. It reports false when there is none.
func (s *source) resync() (bool, error) {
	if s.gz == nil {
		return false, nil
	}
	ok, err := s.gz.resync()
	s.lines.Reset(s.gz)
	s.cut, s.half = s.cut && !ok, 0
	return ok, err
}

// counter is a byte reader that knows its position in the file. Flate reads
// no further than it must from an io.ByteReader.
type counter struct {
	r   *bufio.Reader
	pos int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.pos += int64(n)
	return n, err
}

func (c *counter) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.pos++
	}
	return b, err
}

// members reads the members of a gzip file one after the other.
type members struct {
	seeker io.ReadSeeker // nil when the input cannot be read again
	in     *counter
	z      *gzip.Reader
	start  int64 // where the present member starts in the file
	err    error

	headerCut bool // the input ended inside a member's header
}

func (m *members) Read(p []byte) (int, error) {
	for m.err == nil {
		if m.z == nil {
			m.err = m.open()
			continue
		}
		n, err := m.z.Read(p)
		if errors.Is(err, io.EOF) {
			m.z = nil // the member's own CRC and length were right
		} else if err != nil {
			m.err = m.translate(err)
		}
		if n > 0 {
			return n, nil
		}
	}
	return 0, m.err
}

// open starts the next member.
func (m *members) open() error {
	m.start = m.in.pos
	if _, err := m.in.r.Peek(1); err != nil {
		return err // io.EOF: the file ends with a whole member
	}
	z, err := gzip.NewReader(m.in)
	if err != nil {
		err = m.translate(err)
		m.headerCut = errors.Is(err, io.ErrUnexpectedEOF)
		return err
	}
	z.Multistream(false)
	m.z = z
	return nil
}

// translate tells a file that ends early from one that was altered.
func (m *members) translate(err error) error {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fmt.Errorf("%w: gzip member at byte %d of the file: %w", errDamaged, m.start, err)
	}
	return err
}

// resync finds the next member after the damaged one that decodes to a
// checkpoint line. It reads the file again from the damaged member's start,
// because damage may have made the decoder run past later members.
func (m *members) resync() (bool, error) {
	if m.seeker == nil {
		return false, errors.New("this input cannot be read twice: salvage needs the file itself, not a pipe")
	}
	for at := m.start + 1; ; at++ {
		next, err := m.findMagic(at)
		if err != nil || next < 0 {
			return false, err
		}
		if err := m.openAt(next); err == nil && m.startsWithCheckpoint() {
			return true, m.openAt(next)
		}
		at = next
	}
}

// openAt starts reading members at a position in the file.
func (m *members) openAt(pos int64) error {
	if _, err := m.seeker.Seek(pos, io.SeekStart); err != nil {
		return err
	}
	m.in.r.Reset(m.seeker)
	m.in.pos, m.err, m.z, m.headerCut = pos, nil, nil, false
	return m.open()
}

// startsWithCheckpoint reads the first line of the member just opened.
func (m *members) startsWithCheckpoint() bool {
	head := make([]byte, 512)
	n, _ := io.ReadFull(m.z, head)
	line, _, whole := bytes.Cut(head[:n], []byte{'\n'})
	if !whole {
		return false
	}
	ev, known, err := parseEvent(line)
	return err == nil && known && ev.Code == CodeCheckpoint
}

// findMagic returns the position of the next gzip magic at or after from, or
// -1.
func (m *members) findMagic(from int64) (int64, error) {
	if _, err := m.seeker.Seek(from, io.SeekStart); err != nil {
		return -1, err
	}
	m.in.r.Reset(m.seeker)
	for pos := from; ; pos++ {
		head, err := m.in.r.Peek(len(gzipMagic))
		if errors.Is(err, io.EOF) {
			return -1, nil
		}
		if err != nil {
			return -1, err
		}
		if bytes.Equal(head, gzipMagic) {
			return pos, nil
		}
		if _, err := m.in.r.Discard(1); err != nil {
			return -1, err
		}
	}
}
