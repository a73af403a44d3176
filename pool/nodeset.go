package pool

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/nodes"
	"github.com/aditmine/adit/pool/unlock"
)

// connect makes one coin of all its nodes.
func (p *Pool) connect(cfg config.Coin) (*nodes.Set, error) {
	var members []nodes.Member
	for _, node := range cfg.NodeURLs() {
		c, err := p.deps.NewCoin(cfg.AtNode(node))
		if err != nil {
			closeMembers(members)
			return nil, err
		}
		members = append(members, nodes.Member{URL: redact(node), Coin: c})
	}
	set := nodes.Config{Name: cfg.Name, Members: members, Sources: nodes.Sources(cfg), Poll: cfg.Poll, Log: p.log, Now: p.deps.Now}
	if cfg.NotifyListen != "" {
		listener, err := p.deps.Listen("tcp", cfg.NotifyListen)
		if err != nil {
			closeMembers(members)
			return nil, fmt.Errorf("coin %s: notify_listen %s: %w", cfg.Name, cfg.NotifyListen, err)
		}
		set.Sources = append(set.Sources, nodes.Posts(listener))
	}
	return nodes.New(set), nil
}

func closeMembers(members []nodes.Member) {
	for _, m := range members {
		m.Coin.Close()
	}
}

// connectChain does the same for the unlocking of blocks.
func (p *Pool) connectChain(f *feed) (unlock.Chain, error) {
	var chains []unlock.Chain
	for _, node := range f.cfg.NodeURLs() {
		c, err := p.deps.NewChain(f.cfg.AtNode(node))
		if err != nil {
			nodes.NewChain(f.coin, chains).Close()
			return nil, err
		}
		chains = append(chains, c)
	}
	return nodes.NewChain(f.coin, chains), nil
}

// redact is a URL as people may see it.
func redact(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(unreadable)"
	}
	return u.Redacted()
}

// where names the nodes of a feed, for logs.
func (f *feed) where() string {
	var list []string
	for _, node := range f.cfg.NodeURLs() {
		list = append(list, redact(node))
	}
	return strings.Join(list, ", ")
}

// Nodes tells about the nodes of a coin, nil for a coin that there is not.
func (p *Pool) Nodes(coin string) []nodes.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.feeds {
		if f.cfg.Name == coin {
			return f.coin.States()
		}
	}
	return nil
}
