package adapter

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/aditmine/adit/harness/conform"
)

// Credits reads the pool's ledger.
func (p *Pool) Credits(ctx context.Context) ([]conform.Credit, error) {
	q := p.a.Ledger
	if q == nil {
		return nil, fmt.Errorf("the adapter of %s does not say how to read its ledger", p.a.Name)
	}
	var text []byte
	var err error
	if q.Command != nil {
		text, err = p.printed(ctx, q.Command)
	} else {
		text, err = fetch(ctx, p.expand(q.URL))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the ledger of %s: %w", p.a.Name, err)
	}
	credits, err := q.parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the ledger of %s: %w", p.a.Name, err)
	}
	return credits, nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, defaultWait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", url, resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxOutput+1))
	if len(text) > maxOutput {
		err = errors.Join(err, fmt.Errorf("%s answered more than %d bytes", url, maxOutput))
	}
	return text, err
}

// parse finds the accounts in what the ledger said.
func (q *Query) parse(text []byte) ([]conform.Credit, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var at any
	if err := dec.Decode(&at); err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	if q.List != "" {
		for name := range strings.SplitSeq(q.List, ".") {
			members, ok := at.(map[string]any)
			if !ok || members[name] == nil {
				return nil, fmt.Errorf("there is no %s in it", q.List)
			}
			at = members[name]
		}
	}
	list, ok := at.([]any)
	if !ok {
		return nil, fmt.Errorf("%s is not a list", q.List)
	}
	var credits []conform.Credit
	for i, element := range list {
		c, err := q.credit(element)
		if err != nil {
			return nil, fmt.Errorf("account %d: %w", i+1, err)
		}
		credits = append(credits, c)
	}
	return credits, nil
}

func (q *Query) credit(element any) (c conform.Credit, err error) {
	m, ok := element.(map[string]any)
	if !ok {
		return c, errors.New("it is no object")
	}
	if c.Account, ok = m[q.Account].(string); !ok {
		return c, fmt.Errorf("it has no text %s", q.Account)
	}
	if q.Worker != "" {
		c.Worker, _ = m[q.Worker].(string) // an account without workers
	}
	shares, err := number(m, q.Shares)
	if err != nil {
		return c, err
	}
	c.Shares = uint64(max(0, shares))
	if c.Work, err = number(m, q.Work); err != nil {
		return c, err
	}
	c.Hashrate, err = number(m, q.Hashrate)
	return c, err
}

// number reads a number, or one in quotes as pools write large ones.
func number(m map[string]any, name string) (float64, error) {
	if name == "" {
		return 0, nil
	}
	v, err := strconv.ParseFloat(fmt.Sprint(m[name]), 64)
	if err != nil {
		return 0, fmt.Errorf("%s is not a number: %v", name, m[name])
	}
	return v, nil
}
