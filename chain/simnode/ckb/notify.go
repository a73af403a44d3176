package ckb

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// notifyTimeout is the real node's.
const notifyTimeout = 800 * time.Millisecond

// notify posts each new template to the configured addresses until ctx ends.
// A template that is replaced before its turn is left out.
func (n *Node) notify(ctx context.Context) {
	if len(n.cfg.Notify) == 0 {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-n.posts:
		}
		body, err := json.Marshal(n.template())
		if err != nil {
			n.cfg.Log.Error("writing a template", "err", err)
			continue
		}
		for _, url := range n.cfg.Notify {
			if err := post(ctx, url, body); err != nil && ctx.Err() == nil {
				n.cfg.Log.Warn("posting a template failed", "url", url, "err", err)
			}
		}
	}
}

func post(ctx context.Context, url string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
