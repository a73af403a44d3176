package stratumclient

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/aditmine/adit/stratum"
)

// Send sends a line as it stands; a missing LF is added.
func (s *Session) Send(line []byte) error {
	line = append(bytes.TrimSuffix(bytes.Clone(line), []byte{'\n'}), '\n')
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return s.failure
	}
	if !s.post(line) {
		return errors.New("the pool does not read: too many lines wait to be sent")
	}
	return nil
}

// post queues a line; s.mu is held.
func (s *Session) post(line []byte) bool {
	select {
	case s.out <- line:
		s.lastSent = s.set.Clock.Now()
		return true
	default:
		return false
	}
}

// fail closes the connection and records why, where the first reason wins. What
// has arrived before can still be taken. s.mu is held.
func (s *Session) fail(err error) {
	if s.failure == nil {
		s.failure = err
		s.link.hangUp()
	}
}

// end is fail, and nothing that has arrived counts any more. It returns err.
func (s *Session) end(err error) error {
	s.fail(err)
	if !s.over {
		s.over, s.failure = true, err
	}
	return err
}

// Close closes the connection and waits until nothing of the session runs.
// Shares without a verdict are forgotten: see Abandon.
func (s *Session) Close() error {
	s.mu.Lock()
	s.end(net.ErrClosed)
	s.mu.Unlock()
	s.closing.Do(func() { close(s.quit) })
	s.workers.Wait()
	return nil
}

// read passes lines on until the connection ends.
func (s *Session) read() {
	defer close(s.in)
	lines := stratum.NewLineReader(s.link, stratum.MaxPoolLine)
	for {
		line, err := lines.ReadLine()
		if err != nil {
			s.mu.Lock()
			s.fail(readError(err))
			s.mu.Unlock()
			return
		}
		select {
		case s.in <- inbound{bytes.Clone(line), s.set.Clock.Now()}:
		case <-s.quit:
			return
		}
	}
}

func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the pool closed the connection")
	}
	return fmt.Errorf("reading from the pool: %w", err)
}

// write sends what is queued. A pool that does not read loses its connection.
func (s *Session) write() {
	for {
		select {
		case line := <-s.out:
			stop := s.set.Clock.AfterFunc(s.set.WriteTimeout, func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.fail(fmt.Errorf("the pool has not read a line for %v", s.set.WriteTimeout))
			})
			_, err := s.link.Write(line)
			stop()
			if err != nil {
				s.mu.Lock()
				s.fail(fmt.Errorf("writing to the pool: %w", err))
				s.mu.Unlock()
				return
			}
		case <-s.quit:
			return
		}
	}
}
