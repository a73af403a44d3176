package main

import (
	"context"

	"github.com/aditmine/adit/gpu/telemetry"
)

// sensors read the cards' temperatures while they mine. Without cards nothing
// is read.
type sensors struct{ sampler *telemetry.Sampler }

func newSensors(cards []card) *sensors {
	if len(cards) == 0 {
		return &sensors{}
	}
	return &sensors{telemetry.NewSampler(telemetry.DefaultInterval, nil, telemetryOpeners()...)}
}

// start begins to read until ctx ends, or the returned function is called,
// which waits for the end.
func (s *sensors) start(ctx context.Context) (stop func()) {
	if s.sampler == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.sampler.Run(ctx) // what cannot be read is not known, which is no fault of the mining
	}()
	return func() {
		cancel()
		<-ended
	}
}

// source is what the dashboard and the API show of the cards; nil without any.
func (s *sensors) source() func() telemetry.Snapshot {
	if s.sampler == nil {
		return nil
	}
	return s.sampler.Snapshot
}

// Temperature is that of a card's core; the watchdog asks for it.
func (s *sensors) Temperature(bus string) (celsius float64, ok bool) {
	if s.sampler == nil {
		return 0, false
	}
	return s.sampler.Temperature(bus)
}
