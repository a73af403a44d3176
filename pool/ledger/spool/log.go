package spool

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/aditmine/adit/pool/ledger"
)

// ErrDamaged: a file of the log was changed by other hands, or by a failing
// disk. What was acknowledged may be in it, so it is not thrown away.
var ErrDamaged = errors.New("the spool is damaged")

const (
	// segmentSize is after how many bytes a new file is begun.
	segmentSize = 16 << 20
	// maxRecord is more than any batch takes.
	maxRecord = 64 << 20
	// peekBatches and peekShares bound what is read at once.
	peekBatches = 512
	peekShares  = 4000
	// headSize is that of a record's head: length and CRC-32C of the payload,
	// each 4 bytes, big-endian. The payload is a batch in JSON.
	headSize = 8
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Log is a queue of batches on disk. Its methods may be called by many
// goroutines; one of them reads (Peek, Pop).
type Log struct {
	dir  string
	lock *os.File

	mu       sync.Mutex
	segments []segment      // oldest first; the last is written to
	active   *os.File       // nil until something is written
	waiting  int            // batches
	serial   int            // of the newest segment
	ahead    []ledger.Batch // the oldest, read and not popped; all of the oldest file
	torn     bool           // an append has failed, and may have left something behind
}

// segment is one file: how far it has been read, and how much of it is good.
type segment struct {
	file       string
	read, size int64
}

// OpenLog opens the log in a folder, which is made where needed, and finds out
// what waits in it. A record that a crash cut off was never answered, and is
// dropped; any other damage is ErrDamaged.
func OpenLog(dir string) (*Log, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening spool %s: %w", dir, err)
	}
	lock, err := ledger.LockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("opening spool %s: %w", dir, err)
	}
	l := &Log{dir: dir, lock: lock}
	if err := l.recover(); err != nil {
		lock.Close()
		return nil, fmt.Errorf("opening spool %s: %w", dir, err)
	}
	return l, nil
}

func (l *Log) recover() error {
	files, err := filepath.Glob(filepath.Join(l.dir, "*.spool"))
	if err != nil {
		return err
	}
	slices.Sort(files)
	for i, file := range files {
		if _, err := fmt.Sscanf(filepath.Base(file), "%d.spool", &l.serial); err != nil {
			return fmt.Errorf("%w: %s is not a name of its files", ErrDamaged, file)
		}
		size, count, err := scan(file, i == len(files)-1)
		if err != nil {
			return err
		}
		l.segments = append(l.segments, segment{file: file, size: size})
		l.waiting += count
	}
	return nil
}

// scan counts the good records of a file. In the newest file a cut-off record
// at the end is forgotten.
func scan(file string, newest bool) (size int64, count int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	for {
		_, n, err := readRecord(f)
		switch {
		case err == nil:
			size += n
			count++
		case err == io.EOF:
			return size, count, nil
		case newest && cutOff(f, size, err):
			return size, count, os.Truncate(file, size)
		default:
			return 0, 0, fmt.Errorf("%w: %s, byte %d: %w", ErrDamaged, file, size, err)
		}
	}
}

// cutOff reports whether a record that cannot be read is the last one, whose
// writing a crash ended: nothing but zeros, which a file system may leave,
// follows it.
func cutOff(f *os.File, at int64, err error) bool {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	var head [headSize]byte
	if _, err := f.ReadAt(head[:], at); err != nil {
		return false
	}
	end := at + headSize + int64(binary.BigEndian.Uint32(head[:]))
	rest := io.NewSectionReader(f, end, 1<<62-end)
	buffer := make([]byte, 64<<10)
	for {
		n, err := rest.Read(buffer)
		if len(bytes.Trim(buffer[:n], "\x00")) > 0 {
			return false
		}
		if err != nil {
			return err == io.EOF
		}
	}
}

// readRecord reads one batch and tells how many bytes it took.
func readRecord(r io.Reader) (b *ledger.Batch, n int64, err error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, 0, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size == 0 || size > maxRecord {
		return nil, 0, fmt.Errorf("a record of %d bytes", size)
	}
	payload, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err != nil {
		return nil, 0, err
	}
	if len(payload) < int(size) {
		return nil, 0, io.ErrUnexpectedEOF
	}
	if crc32.Checksum(payload, castagnoli) != binary.BigEndian.Uint32(head[4:]) {
		return nil, 0, errors.New("the checksum is wrong")
	}
	b = new(ledger.Batch)
	if err := json.Unmarshal(payload, b); err != nil {
		return nil, 0, err
	}
	return b, headSize + int64(size), nil
}

func encodeRecord(b *ledger.Batch) ([]byte, error) {
	payload, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	if len(payload) > maxRecord {
		return nil, fmt.Errorf("a batch of %d bytes, more than %d", len(payload), maxRecord)
	}
	record := make([]byte, headSize, headSize+len(payload))
	binary.BigEndian.PutUint32(record, uint32(len(payload)))
	binary.BigEndian.PutUint32(record[4:], crc32.Checksum(payload, castagnoli))
	return append(record, payload...), nil
}

// Waiting is how many batches are in the log.
func (l *Log) Waiting() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}

// Append adds a batch. It returns nil when the batch is on disk; otherwise it
// is not in the log.
func (l *Log) Append(b *ledger.Batch) error {
	record, err := encodeRecord(b)
	if err != nil {
		return fmt.Errorf("writing to spool %s: %w", l.dir, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.append(record); err != nil {
		return fmt.Errorf("writing to spool %s: %w", l.dir, err)
	}
	l.waiting++
	return nil
}

func (l *Log) append(record []byte) error {
	if l.active == nil || !l.torn && l.segments[len(l.segments)-1].size >= segmentSize {
		if err := l.begin(); err != nil {
			return err
		}
	}
	s := &l.segments[len(l.segments)-1]
	if l.torn { // what is there must not be taken for a batch later
		if err := l.active.Truncate(s.size); err != nil {
			return err
		}
	}
	l.torn = true
	if _, err := l.active.WriteAt(record, s.size); err != nil {
		return err
	}
	if err := l.active.Sync(); err != nil {
		return err
	}
	l.torn = false
	s.size += int64(len(record))
	return nil
}

// begin starts a new file. Those of earlier runs are not written to again.
func (l *Log) begin() error {
	file := filepath.Join(l.dir, fmt.Sprintf("%010d.spool", l.serial+1))
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := syncDir(l.dir); err != nil {
		return errors.Join(err, f.Close(), os.Remove(file))
	}
	if l.active != nil {
		l.active.Close()
	}
	l.serial++
	l.active = f
	l.segments = append(l.segments, segment{file: file})
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Peek returns some of the oldest batches, in order and all of one instance:
// none when the log is empty. They stay in the log.
func (l *Log) Peek() ([]ledger.Batch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.ahead) == 0 && l.waiting > 0 {
		if err := l.readAhead(); err != nil {
			return nil, err
		}
	}
	for i := range l.ahead {
		if l.ahead[i].Instance != l.ahead[0].Instance {
			return l.ahead[:i:i], nil
		}
	}
	return l.ahead, nil
}

// readAhead reads from the oldest file as much as one transaction takes well.
func (l *Log) readAhead() error {
	if err := l.dropRead(); err != nil {
		return err
	}
	s := &l.segments[0]
	f, err := os.Open(s.file)
	if err != nil {
		return fmt.Errorf("reading spool %s: %w", l.dir, err)
	}
	defer f.Close()
	for shares := 0; s.read < s.size && shares < peekShares && len(l.ahead) < peekBatches; {
		b, n, err := readRecord(io.NewSectionReader(f, s.read, s.size-s.read))
		if err != nil {
			return fmt.Errorf("%w: %s, byte %d: %w", ErrDamaged, s.file, s.read, err)
		}
		s.read += n
		shares += len(b.Shares)
		l.ahead = append(l.ahead, *b)
	}
	return nil
}

// Pop removes the n oldest batches, which Peek has returned.
func (l *Log) Pop(n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ahead = l.ahead[n:]
	l.waiting -= n
	return l.dropRead()
}

// dropRead removes the files that have been read to their end, once what was
// read is popped.
func (l *Log) dropRead() error {
	for len(l.ahead) == 0 && len(l.segments) > 0 && l.segments[0].read == l.segments[0].size && (len(l.segments) > 1 || l.waiting == 0) {
		if len(l.segments) == 1 && l.active != nil {
			l.active.Close()
			l.active, l.torn = nil, false
		}
		if err := os.Remove(l.segments[0].file); err != nil {
			return fmt.Errorf("removing what has left spool %s: %w", l.dir, err)
		}
		l.segments = l.segments[1:]
	}
	return nil
}

func (l *Log) asideFile() string { return filepath.Join(l.dir, "refused.json") }

// SetAside keeps a batch that no ledger takes, for people to look at: one line
// of JSON each.
func (l *Log) SetAside(b *ledger.Batch) error {
	line, err := json.Marshal(b)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(l.asideFile(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// Close ends the use of the log. What waits, waits for the next OpenLog.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.active != nil {
		err = l.active.Close()
		l.active = nil
	}
	return errors.Join(err, l.lock.Close())
}
