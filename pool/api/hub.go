package api

import (
	"bytes"
	"encoding/json"
	"sync"
)

// perClient is how many streams one IP address may hold.
const perClient = 32

// hub sends the live figures to those who follow them.
type hub struct {
	limit int

	mu        sync.Mutex
	followers map[chan []byte]string // to whom, by address
	clients   map[string]int
	last      []byte
}

func newHub(limit int) *hub {
	return &hub{limit: limit, followers: make(map[chan []byte]string), clients: make(map[string]int)}
}

// join adds a follower, who gets the newest figures at once; nil when there
// are too many.
func (h *hub) join(client string) chan []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.followers) >= h.limit || h.clients[client] >= perClient {
		return nil
	}
	c := make(chan []byte, 2)
	if h.last != nil {
		c <- h.last
	}
	h.followers[c] = client
	h.clients[client]++
	return c
}

func (h *hub) leave(c chan []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	client := h.followers[c]
	delete(h.followers, c)
	if h.clients[client]--; h.clients[client] <= 0 {
		delete(h.clients, client)
	}
}

// publish encodes figures once and sends them to all. A follower that has not
// taken the last ones misses these.
func (h *hub) publish(f PoolFigures) {
	data, err := json.Marshal(f)
	if err != nil {
		return // not in reach: the figures are of plain types
	}
	message := bytes.Join([][]byte{[]byte("event: figures\ndata: "), data, []byte("\n\n")}, nil)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.last = message
	for c := range h.followers {
		select {
		case c <- message:
		default:
		}
	}
}
