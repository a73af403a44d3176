//go:build !linux

package adapter

import (
	"context"

	"github.com/aditmine/adit/harness/conform"
)

// Usage is read from /proc, which only Linux has.
func (p *Pool) Usage(context.Context) (conform.Usage, error) {
	return conform.Usage{}, conform.ErrUndeclared
}

// Listening is read from /proc, which only Linux has.
func (p *Pool) Listening(context.Context) ([]string, error) { return nil, conform.ErrUndeclared }
