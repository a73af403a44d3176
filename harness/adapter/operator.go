package adapter

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aditmine/adit/harness/conform"
)

// Operator says where the operator's side of a pool is to be seen.
type Operator struct {
	Pages   []string `yaml:"pages"`   // that anybody may read
	Private []string `yaml:"private"` // that must be refused without a secret
	Metrics *Metrics `yaml:"metrics"`
	Unsafe  []Unsafe `yaml:"unsafe"`
}

// Metrics are counters in Prometheus' text format. Each name may have labels
// that a series must have, as in shares_total{verdict="accepted"}; what matches
// is added up.
type Metrics struct {
	URL      string `yaml:"url"`
	Accepted string `yaml:"accepted"`
	Rejected string `yaml:"rejected"`
	Stale    string `yaml:"stale"`
}

// Unsafe is a start of the pool with a setting that it must not take on a main
// network: the command has to fail.
type Unsafe struct {
	Name    string `yaml:"name"`
	Command `yaml:",inline"`
}

var _ interface {
	conform.Operator
	conform.Meter
} = (*Pool)(nil)

// operator is the section, or one that says nothing.
func (p *Pool) operator() *Operator {
	if p.a.Operator == nil {
		return &Operator{}
	}
	return p.a.Operator
}

// Shown reads the pool's log and its pages.
func (p *Pool) Shown(ctx context.Context) ([]conform.Shown, error) {
	var shown []conform.Shown
	if p.a.Start != nil {
		shown = append(shown, conform.Shown{Name: conform.LogName, Type: "text/plain", Text: p.output.text()})
	}
	for _, page := range p.operator().Pages {
		address := p.expand(page)
		status, kind, text, err := look(ctx, address)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("status %d", status)
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", address, err)
		}
		shown = append(shown, conform.Shown{Name: address, Type: kind, Text: text})
	}
	if len(shown) == 0 {
		return nil, conform.ErrUndeclared
	}
	return shown, nil
}

// Private asks for the private pages as a stranger.
func (p *Pool) Private(ctx context.Context) (map[string]int, error) {
	if len(p.operator().Private) == 0 {
		return nil, conform.ErrUndeclared
	}
	answers := map[string]int{}
	for _, page := range p.operator().Private {
		address := p.expand(page)
		status, _, _, err := look(ctx, address)
		if err != nil {
			return nil, fmt.Errorf("asking for %s: %w", address, err)
		}
		answers[address] = status
	}
	return answers, nil
}

// look fetches a page. A redirection is an answer like others.
func look(ctx context.Context, address string) (status int, kind, text string, err error) {
	ctx, cancel := context.WithTimeout(ctx, defaultWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", "", err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxOutput))
	kind, _, bad := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if bad != nil {
		kind = ""
	}
	return resp.StatusCode, kind, string(body), err
}

// Counters reads the metrics.
func (p *Pool) Counters(ctx context.Context) (c conform.Counters, err error) {
	m := p.operator().Metrics
	if m == nil {
		return c, conform.ErrUndeclared
	}
	_, _, text, err := look(ctx, p.expand(m.URL))
	if err != nil {
		return c, fmt.Errorf("reading the metrics of %s: %w", p.a.Name, err)
	}
	for selector, total := range map[string]*float64{m.Accepted: &c.Accepted, m.Rejected: &c.Rejected, m.Stale: &c.Stale} {
		if *total, err = sum(text, selector); err != nil {
			return c, fmt.Errorf("reading the metrics of %s: %w", p.a.Name, err)
		}
	}
	return c, nil
}

// sum adds up the series that a selector chooses. Counters that have not
// counted yet may be missing.
func sum(text, selector string) (total float64, err error) {
	if selector == "" {
		return 0, nil
	}
	name, labels, _ := strings.Cut(strings.TrimSuffix(selector, "}"), "{")
	wanted := strings.Split(labels, ",")
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, maxOutput)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || strings.HasPrefix(line, "#") {
			continue
		}
		series, has, _ := strings.Cut(strings.TrimSuffix(line[:at], "}"), "{")
		own := strings.Split(has, ",")
		if series != name || labels != "" && slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(own, w) }) {
			continue
		}
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("%s is no number: %s", line[:at], line[at+1:])
		}
		total += v
	}
	return total, lines.Err()
}

// StartsWith runs each unsafe start. One that has not failed by the end of its
// time was taken.
func (p *Pool) StartsWith(ctx context.Context) (taken []string, tried int, err error) {
	unsafe := p.operator().Unsafe
	if len(unsafe) == 0 {
		return nil, 0, conform.ErrUndeclared
	}
	if err := p.write(); err != nil {
		return nil, 0, err
	}
	for i := range unsafe {
		refused, err := p.refuses(ctx, &unsafe[i].Command)
		if err != nil {
			return nil, 0, fmt.Errorf("starting %s with %s: %w", p.a.Name, unsafe[i].Name, err)
		}
		if !refused {
			taken = append(taken, unsafe[i].Name)
		}
	}
	return taken, len(unsafe), nil
}

// refuses reports whether a command fails by itself.
func (p *Pool) refuses(ctx context.Context, c *Command) (bool, error) {
	ready := c.Ready
	if ready == 0 {
		ready = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, ready)
	defer cancel()
	err := p.command(ctx, c).Run()
	var failed *exec.ExitError
	switch {
	case ctx.Err() != nil, err == nil:
		return false, nil
	case errors.As(err, &failed):
		return true, nil
	}
	return false, err
}
