package trace

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// ErrClosed is returned by a second Close.
var ErrClosed = errors.New("trace writer is closed")

// WriterOptions configure a Writer. The zero value is usable.
type WriterOptions struct {
	// Gzip writes gzip members; otherwise plain text.
	Gzip bool
	// Redactor rewrites events before they are written; nil keeps everything.
	Redactor *Redactor
	// Now is the monotonic time since the header's base. The default starts
	// at zero when the writer is made.
	Now func() time.Duration
	// CheckpointEvents closes a segment after so many events; 0 means 4096.
	CheckpointEvents int
	// FlushEvery closes a segment and hands it to the operating system at
	// least this often while events come in; 0 means one second. It is what a
	// crash may cost.
	FlushEvery time.Duration
	// QueueEvents and QueueBytes bound what waits for a slow disk; 0 means
	// 65536 events and 64 MiB.
	QueueEvents int
	QueueBytes  int64
	// OnError is told once, from the writer's goroutine, when the file can no
	// longer be written; events after that are dropped and counted.
	OnError func(error)
}

func (o *WriterOptions) setDefaults() {
	if o.Now == nil {
		start := time.Now()
		o.Now = func() time.Duration { return time.Since(start) }
	}
	if o.CheckpointEvents <= 0 {
		o.CheckpointEvents = 4096
	}
	if o.FlushEvery <= 0 {
		o.FlushEvery = time.Second
	}
	if o.QueueEvents <= 0 {
		o.QueueEvents = 64 << 10
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 64 << 20
	}
}

// Writer writes a trace from a queue, so that whoever records never waits for
// the disk. When the queue is full events are dropped, counted, and a marker
// says where. Its methods may be called from several goroutines.
type Writer struct {
	opts WriterOptions
	file *os.File // nil unless made by Create
	enc  *encoder
	wake chan struct{} // capacity 1
	done chan struct{}

	mu      sync.Mutex
	queue   []*Event
	bytes   int64
	lost    uint64 // dropped since the last event that got into the queue
	dropped uint64 // dropped in all
	closed  bool
	err     error
}

// NewID returns a random trace id.
func NewID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails (crypto/rand)
	return hex.EncodeToString(id[:])
}

// Create makes a new file, readable by its owner alone, and a Writer on it.
// It refuses to overwrite.
func Create(path string, h Header, opts WriterOptions) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s exists already: choose another name or remove it", path)
	}
	if err != nil {
		return nil, fmt.Errorf("creating trace: %w", err)
	}
	w, err := NewWriter(f, h, opts)
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	w.file = f
	return w, nil
}

// NewWriter writes a trace to out, its header at once. Fields of the header
// that the writer knows better are set by it: version, clock, redaction; the
// id too when it is empty. Close must be called.
func NewWriter(out io.Writer, h Header, opts WriterOptions) (*Writer, error) {
	opts.setDefaults()
	h.Version = Version
	h.Clock.Unit, h.Clock.Mono = "ns", true
	if h.Clock.BaseWall.IsZero() {
		h.Clock.BaseWall = time.Now().UTC()
	}
	if h.ID == "" {
		h.ID = NewID()
	}
	if opts.Redactor != nil {
		h.Redact = &Redaction{Policy: RedactionPolicy}
	}
	enc := newEncoder(out, opts.Gzip)
	if err := enc.header(&h); err != nil {
		return nil, fmt.Errorf("writing trace header: %w", err)
	}
	w := &Writer{opts: opts, enc: enc, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.run()
	return w, nil
}

// Record stamps ev with the present time and queues it. It never blocks on
// the disk, takes ownership of everything ev refers to, and reports whether
// there was room.
func (w *Writer) Record(ev *Event) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	full := len(w.queue) >= w.opts.QueueEvents || w.bytes+int64(len(ev.Data)) > w.opts.QueueBytes
	if ev.Code != CodeToPool && ev.Code != CodeToMiner {
		full = len(w.queue) >= 2*w.opts.QueueEvents // a flood of lines must not hide a close
	}
	if w.closed || w.err != nil || full {
		w.lost++
		w.dropped++
		return false
	}
	ev.Time = w.opts.Now()
	if w.lost > 0 {
		w.queue = append(w.queue, w.droppedMarker(ev.Time))
	}
	w.queue = append(w.queue, ev)
	w.bytes += int64(len(ev.Data))
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return true
}

// droppedMarker says how many events are missing at this place.
func (w *Writer) droppedMarker(at time.Duration) *Event {
	m := Marker{"ev": MarkerDropped, "n": w.lost}
	w.lost = 0
	return &Event{Time: at, Code: CodeMarker, Marker: m}
}

// Dropped is how many events were lost so far.
func (w *Writer) Dropped() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.dropped
}

// Err is the error that ended writing, if any.
func (w *Writer) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// Close writes what is queued and the end record with the reason why, and
// closes the file that Create made. It returns the first error of the file's
// life.
func (w *Writer) Close(why string) error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return ErrClosed
	}
	w.closed = true
	if w.lost > 0 {
		w.queue = append(w.queue, w.droppedMarker(w.opts.Now()))
	}
	w.mu.Unlock()
	close(w.wake)
	<-w.done
	if w.Err() == nil {
		_, err := w.enc.end(w.opts.Now(), w.Dropped(), why)
		w.fail(err)
	}
	if w.file != nil {
		w.fail(w.file.Sync())
		w.fail(w.file.Close())
	}
	return w.Err()
}

// run is the writer's goroutine.
func (w *Writer) run() {
	defer close(w.done)
	ticker := time.NewTicker(w.opts.FlushEvery)
	defer ticker.Stop()
	for open := true; open; {
		select {
		case _, open = <-w.wake:
		case <-ticker.C:
			w.fail(w.flush())
		}
		w.drain()
	}
}

// drain writes everything that is queued.
func (w *Writer) drain() {
	w.mu.Lock()
	batch := w.queue
	w.queue, w.bytes = nil, 0
	w.mu.Unlock()
	for _, ev := range batch {
		if w.Err() != nil {
			w.discard()
			continue
		}
		if w.opts.Redactor != nil {
			w.opts.Redactor.Event(ev)
		}
		err := w.enc.event(ev)
		if err == nil && w.enc.full(w.opts.CheckpointEvents) {
			err = w.enc.cut()
		}
		w.fail(err)
	}
}

// discard counts an event that was queued before the file failed.
func (w *Writer) discard() {
	w.mu.Lock()
	w.dropped++
	w.mu.Unlock()
}

// flush closes the segment, so that a crash from now on costs nothing of it.
func (w *Writer) flush() error {
	if w.enc.pending == 0 || w.Err() != nil {
		return nil
	}
	if err := w.enc.cut(); err != nil {
		return err
	}
	if w.file != nil {
		return w.file.Sync()
	}
	return nil
}

// fail keeps the first error and tells OnError of it.
func (w *Writer) fail(err error) {
	if err == nil {
		return
	}
	w.mu.Lock()
	first := w.err == nil
	if first {
		w.err = fmt.Errorf("writing trace: %w", err)
		err = w.err
	}
	w.mu.Unlock()
	if first && w.opts.OnError != nil {
		w.opts.OnError(err)
	}
}
