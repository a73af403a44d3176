package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/aditmine/adit/gpu"
)

// fakeSource answers with what is put into it.
type fakeSource struct {
	mu       sync.Mutex
	readings []Reading
	err      error
	reads    int
	closed   int
	hang     chan struct{} // Read waits for it when it is set
}

func (f *fakeSource) Read() ([]Reading, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reads++
	if f.hang != nil {
		<-f.hang
	}
	return append([]Reading(nil), f.readings...), f.err
}

func (f *fakeSource) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

// set changes the source while it may be read.
func (f *fakeSource) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

// counts are how often it was read and closed.
func (f *fakeSource) counts() [2]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return [2]int{f.reads, f.closed}
}

// warm is a reading of a card.
func warm(bus string, celsius float64) Reading {
	r := Reading{Card: Card{Source: "fake", Bus: bus, Name: "Card", UUID: "GPU-" + bus}}
	r.Values.Set(Temperature, Core, celsius)
	r.Values.Set(Power, "", 2*celsius)
	return r
}

func opener(f *fakeSource) Opener {
	return Opener{"fake", func() (Source, error) { return f, nil }}
}

// start runs a sampler until the test ends it.
func start(t *testing.T, s *Sampler) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	synctest.Wait()
	return func() error { cancel(); return <-done }
}

func TestSamplesAtTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSource{readings: []Reading{warm("0000:01:00.0", 60)}}
		s := NewSampler(5*time.Second, nil, opener(f))
		require.Equal(t, "not read yet", s.Snapshot().Sources[0].Problem)
		stop := start(t, s)
		for range 100 {
			s.Snapshot() // asks no driver
		}
		require.Equal(t, [2]int{1, 0}, f.counts())
		f.set(func() { f.readings = []Reading{warm("0000:01:00.0", 65)} })
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Equal(t, [2]int{2, 0}, f.counts())
		celsius, ok := s.Temperature("01:00")
		require.True(t, ok)
		require.EqualValues(t, 65, celsius)
		watts, ok := s.Power("0000:01:00.0")
		require.True(t, ok)
		require.EqualValues(t, 130, watts)
		_, ok = s.Temperature("0000:02:00.0")
		require.False(t, ok)
		require.NoError(t, stop())
		require.Equal(t, [2]int{2, 1}, f.counts())
	})
}

func TestAHungDriverMakesItsCardsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &fakeSource{readings: []Reading{warm("0000:01:00.0", 60)}}
		fine := &fakeSource{readings: []Reading{warm("0000:02:00.0", 50)}}
		s := NewSampler(time.Second, nil, opener(slow), opener(fine))
		stop := start(t, s)
		answer := make(chan struct{})
		slow.set(func() { slow.hang = answer })
		time.Sleep(staleAfter*time.Second + 100*time.Millisecond)
		synctest.Wait()
		snap := s.Snapshot()
		require.True(t, snap.Find("0000:01:00.0").Stale)
		require.False(t, snap.Find("0000:02:00.0").Stale, "the other driver is still read")
		_, ok := s.Temperature("0000:01:00.0")
		require.False(t, ok, "what is stale is not known")
		require.ErrorIs(t, stop(), ErrStuck, "the end does not wait for it")
		close(answer)
		synctest.Wait()
		require.Equal(t, [2]int{2, 1}, slow.counts(), "and it is closed when it answers after all")
	})
}

func TestLostCardsAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := &fakeSource{readings: []Reading{warm("0000:01:00.0", 60), warm("0000:02:00.0", 61)}}
		s := NewSampler(time.Second, slog.New(slog.NewTextHandler(&log, nil)), opener(f))
		stop := start(t, s)
		f.set(func() { f.readings[0].Lost, f.readings[0].Values = true, nil })
		time.Sleep(3 * time.Second)
		synctest.Wait()
		snap := s.Snapshot()
		require.True(t, snap.Cards[0].Lost)
		require.False(t, snap.Cards[0].Fresh())
		require.True(t, snap.Cards[1].Fresh())
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("card lost")))
		f.set(func() { f.readings[0] = warm("0000:01:00.0", 40) })
		time.Sleep(time.Second)
		synctest.Wait()
		require.NoError(t, stop())
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("card is back")))
		require.Equal(t, 1, bytes.Count(log.Bytes(), []byte("cards=2")))
	})
}

func TestADriverThatComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		f := &fakeSource{readings: []Reading{warm("0000:01:00.0", 60)}}
		late := Opener{"late", func() (Source, error) {
			if tries++; tries < 3 {
				return nil, gpu.ErrNoDriver
			}
			return f, nil
		}}
		never := Opener{"never", func() (Source, error) { return nil, gpu.ErrNotBuilt }}
		s := NewSampler(time.Second, nil, late, never)
		stop := start(t, s)
		require.Equal(t, []Status{{"late", 0, gpu.ErrNoDriver.Error()}, {"never", 0, gpu.ErrNotBuilt.Error()}}, s.Snapshot().Sources)
		time.Sleep(2*reopenEvery + time.Second/2)
		synctest.Wait()
		require.Equal(t, 3, tries)
		require.Equal(t, Status{"late", 1, ""}, s.Snapshot().Sources[0])
		f.set(func() { f.err = errors.New("the driver went away") })
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, "the driver went away", s.Snapshot().Sources[0].Problem)
		require.Equal(t, 1, f.counts()[1])
		f.set(func() { f.err = nil })
		time.Sleep(reopenEvery)
		synctest.Wait()
		require.Equal(t, Status{"late", 1, ""}, s.Snapshot().Sources[0], "it is opened again")
		require.NoError(t, stop())
	})
}

func TestReadOnce(t *testing.T) {
	f := &fakeSource{readings: []Reading{warm("0000:01:00.0", 60)}}
	none := Opener{"none", func() (Source, error) { return nil, gpu.ErrNoDriver }}
	snap, err := ReadOnce(opener(f), none)
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 1}, f.counts())
	require.Len(t, snap.Cards, 1)
	require.True(t, snap.Cards[0].Fresh())
	require.Equal(t, "none", snap.Sources[1].Source)
	require.NotEmpty(t, snap.Sources[1].Problem)
}

func TestSameBus(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"0000:01:00.0", "0000:01:00.0", true}, {"0000:01:00.0", "1:0", true}, {"00000000:0A:00.0", "0000:0a:00.1", true},
		{"0001:01:00.0", "0000:01:00.0", false}, {"0000:01:00.0", "0000:02:00.0", false}, {"0000:01:00.0", "0000:01:01.0", false},
		{"", "", false}, {"", "0000:00:00.0", false}, {"0000:10:00.0", "0000:01:00.0", false},
	} {
		require.Equal(t, c.same, SameBus(c.a, c.b), "%q %q", c.a, c.b)
	}
}

func TestThrottled(t *testing.T) {
	var s State
	s.Values.Set(Throttle, ReasonIdle, 1)
	s.Values.Set(Throttle, "power_cap", 1)
	s.Values.Set(Throttle, "hardware_thermal", 0)
	require.Equal(t, []string{"power_cap"}, s.Throttled())
	s.Stale = true
	require.Empty(t, s.Throttled())
}

func TestValuesInJSON(t *testing.T) {
	var v Values
	v.Set(Temperature, Core, 61)
	v.Set(Temperature, Memory, 70)
	v.Set(Power, "", 120.5)
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.JSONEq(t, `{"temperature_celsius":{"core":61,"memory":70},"power_watts":120.5}`, string(text))
	text, err = json.Marshal(Values{})
	require.NoError(t, err)
	require.JSONEq(t, `{}`, string(text))
}

func TestEveryQuantityIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, q := range Quantities() {
		i := q.Info()
		require.NotEmpty(t, i.Help, i.Name)
		require.False(t, seen[i.Name], i.Name)
		seen[i.Name] = true
		require.Equal(t, i.Counter, len(i.Name) > 6 && i.Name[len(i.Name)-6:] == "_total", i.Name)
	}
	require.Len(t, seen, int(ECCErrors)+1)
}
