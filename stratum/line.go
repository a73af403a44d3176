package stratum

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// ErrLineTooLong reports a line beyond the reader's limit. The rest of that
// line is unread and the connection cannot be used further.
var ErrLineTooLong = errors.New("line too long")

const (
	// idleBuffer is what a reader keeps while it waits. A submit fits.
	idleBuffer = 512
	// maxEmptyReads is how often in a row a source may return nothing at all.
	maxEmptyReads = 100
)

// LineReader cuts a byte stream into lines. The limit counts one line, so a
// burst of legal lines is never refused. Its buffer grows from 512 bytes as a
// line needs it and is given back once the line has been consumed, so an idle
// connection costs little. It is used by one goroutine at a time.
type LineReader struct {
	src   io.Reader
	limit int
	buf   []byte // buf[start:end] is read but not yet returned
	start int
	end   int
	seen  int // bytes after start known to hold no LF
	err   error
}

// NewLineReader reads from src lines of at most limit bytes, not counting
// their LF or CRLF.
func NewLineReader(src io.Reader, limit int) *LineReader {
	return &LineReader{src: src, limit: limit}
}

// Reset lets the reader begin anew with another source and limit, so that one
// reader can serve many connections in turn. It keeps its smallest buffer.
func (r *LineReader) Reset(src io.Reader, limit int) {
	buf := r.buf
	if len(buf) != idleBuffer {
		buf = nil
	}
	*r = LineReader{src: src, limit: limit, buf: buf}
}

// ReadLine returns the next line that is not blank, without its terminator and
// without blanks around it. The slice is valid until the next call.
//
// At the end of the stream it returns io.EOF, or io.ErrUnexpectedEOF when the
// last line lacks its LF. An error of the source, such as a passed deadline,
// is returned as it is and loses nothing: the next call reads on.
func (r *LineReader) ReadLine() ([]byte, error) {
	for {
		line, ok := r.cut()
		if !ok {
			if err := r.fill(); err != nil {
				return nil, err
			}
			continue
		}
		if line = bytes.TrimRight(line, "\r"); len(line) > r.limit {
			return nil, r.tooLong()
		}
		if line = bytes.Trim(line, " \t\r"); len(line) > 0 {
			return line, nil
		}
	}
}

// Buffered is how many bytes have been read from the source but not returned.
func (r *LineReader) Buffered() int { return r.end - r.start }

// cut takes one line out of the buffer.
func (r *LineReader) cut() ([]byte, bool) {
	if r.err != nil {
		return nil, false
	}
	pending := r.buf[r.start:r.end]
	i := bytes.IndexByte(pending[r.seen:], '\n')
	if i < 0 {
		r.seen = len(pending)
		return nil, false
	}
	line := pending[:r.seen+i]
	r.start += r.seen + i + 1
	r.seen = 0
	return line, true
}

// fill reads more bytes, making room for them first.
func (r *LineReader) fill() error {
	if r.err != nil {
		return r.err
	}
	if err := r.makeRoom(); err != nil {
		return err
	}
	for range maxEmptyReads {
		n, err := r.src.Read(r.buf[r.end:])
		r.end += n
		switch {
		case n > 0: // an error that came along shows again at the next read
			return nil
		case errors.Is(err, io.EOF) && r.hasText():
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

func (r *LineReader) hasText() bool {
	return len(bytes.TrimSpace(r.buf[r.start:r.end])) > 0
}

// makeRoom leaves at least one free byte at the end of the buffer, with the
// smallest buffer that does.
func (r *LineReader) makeRoom() error {
	pending := r.buf[r.start:r.end]
	most := r.limit + 2 // CR and LF
	if len(pending) >= most {
		return r.tooLong()
	}
	size := idleBuffer
	for size <= len(pending) {
		size *= 2
	}
	size = min(size, most)
	if size != len(r.buf) {
		grown := make([]byte, size)
		copy(grown, pending)
		r.buf = grown
	} else {
		copy(r.buf, pending)
	}
	r.start, r.end = 0, len(pending)
	return nil
}

func (r *LineReader) tooLong() error {
	r.err = fmt.Errorf("%w: more than %d bytes", ErrLineTooLong, r.limit)
	r.buf, r.start, r.end = nil, 0, 0
	return r.err
}
