package zmq

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aditmine/adit/chain/cryptonote"
)

// TopicMinimalChain is the topic of monerod's shortest announcement of blocks
// that joined its main chain.
const TopicMinimalChain = "json-minimal-chain_main"

// MinimalChain announces blocks that joined the main chain, in order: after a
// reorganisation all those of the new branch.
type MinimalChain struct {
	FirstHeight uint64            // of the first block
	FirstPrev   cryptonote.Hash   // the block below it
	IDs         []cryptonote.Hash // of the blocks, at least one
}

// Tip is the last of the blocks and its height.
func (c *MinimalChain) Tip() (height uint64, id cryptonote.Hash) {
	return c.FirstHeight + uint64(len(c.IDs)) - 1, c.IDs[len(c.IDs)-1]
}

// minimalChain is how it is written.
type minimalChain struct {
	FirstHeight uint64   `json:"first_height"`
	FirstPrev   string   `json:"first_prev_id"`
	IDs         []string `json:"ids"`
}

// ParseMinimalChain reads a message of TopicMinimalChain: the topic, a colon,
// and JSON.
func ParseMinimalChain(message []byte) (*MinimalChain, error) {
	text, ok := bytes.CutPrefix(message, []byte(TopicMinimalChain+":"))
	if !ok {
		return nil, fmt.Errorf("a message that is not of topic %s", TopicMinimalChain)
	}
	var raw minimalChain
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, fmt.Errorf("message of topic %s: %w", TopicMinimalChain, err)
	}
	if len(raw.IDs) == 0 {
		return nil, errors.New("message of topic " + TopicMinimalChain + ": no block in it")
	}
	c := &MinimalChain{FirstHeight: raw.FirstHeight}
	var err error
	if c.FirstPrev, err = cryptonote.ParseHash(raw.FirstPrev); err != nil {
		return nil, fmt.Errorf("message of topic %s: first_prev_id: %w", TopicMinimalChain, err)
	}
	for _, id := range raw.IDs {
		h, err := cryptonote.ParseHash(id)
		if err != nil {
			return nil, fmt.Errorf("message of topic %s: ids: %w", TopicMinimalChain, err)
		}
		c.IDs = append(c.IDs, h)
	}
	return c, nil
}

// Message writes the announcement as monerod publishes it.
func (c *MinimalChain) Message() []byte {
	raw := minimalChain{FirstHeight: c.FirstHeight, FirstPrev: c.FirstPrev.String()}
	for _, id := range c.IDs {
		raw.IDs = append(raw.IDs, id.String())
	}
	text, err := json.Marshal(raw)
	if err != nil {
		return nil // strings and a number: there is no such case
	}
	return append([]byte(TopicMinimalChain+":"), text...)
}
