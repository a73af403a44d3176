package config

import (
	"net"
	"net/url"
	"strings"
)

// NodeURLs are the base URLs of a coin's nodes, the preferred one first: Nodes,
// or Node alone where there are no Nodes.
func (coin *Coin) NodeURLs() []string {
	if len(coin.Nodes) > 0 {
		return coin.Nodes
	}
	return []string{coin.Node}
}

// AtNode is the coin as one of its nodes sees it: Node is that URL, without the
// user and password that it may hold, which replace the coin's own. Nodes is
// empty.
func (coin *Coin) AtNode(address string) Coin {
	one := *coin
	one.Node, one.Nodes = address, nil
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return one
	}
	one.User = u.User.Username()
	one.Password, _ = u.User.Password()
	u.User = nil
	one.Node = u.String()
	return one
}

// readNodes reads where a coin's nodes are, and how they tell of new blocks.
func readNodes(s *section, c *Coin) {
	s.texts("nodes", &c.Nodes)
	_, one := s.table["node"]
	_, many := s.table["nodes"]
	switch {
	case one && many:
		s.fail("nodes", "stands beside node: give one of the two")
		s.text("node", &c.Node)
	case many:
		s.known = append(s.known, "node")
		if len(c.Nodes) == 0 {
			s.fail("nodes", "is empty: give the URL of a node")
		}
	default:
		s.need("node", &c.Node)
	}
	if c.Kind == CKB {
		s.texts("subscribe", &c.Subscribe)
		s.text("notify_listen", &c.NotifyListen)
		return
	}
	s.texts("zmq", &c.ZMQ)
}

// checkNodes checks the addresses that readNodes has read.
func (coin *Coin) checkNodes(p *problems, path string) {
	key := ".node"
	if len(coin.Nodes) > 0 {
		key = ".nodes"
	}
	seen := make(map[string]bool)
	for _, node := range coin.NodeURLs() {
		u, err := url.Parse(node)
		switch {
		case node == "" && len(coin.Nodes) == 0:
			// the reader has complained; in code, the first call does
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			p.add(path+key, "node %q is not a URL such as http://127.0.0.1:18081", node)
		case seen[u.Host+u.Path]:
			p.add(path+key, "node %q is there twice", u.Redacted())
		default:
			seen[u.Host+u.Path] = true
		}
	}
	for _, address := range coin.ZMQ {
		if host, ok := strings.CutPrefix(address, "tcp://"); !ok || !isHostPort(host) {
			p.add(path+".zmq", "zmq address %q is not like tcp://127.0.0.1:18083", address)
		}
	}
	for _, address := range coin.Subscribe {
		if !isHostPort(address) {
			p.add(path+".subscribe", "subscribe address %q is not host:port, such as 127.0.0.1:18114", address)
		}
	}
	if coin.NotifyListen != "" && !isHostPort(coin.NotifyListen) {
		p.add(path+".notify_listen", "notify_listen %q is not host:port, such as 127.0.0.1:8115", coin.NotifyListen)
	}
}

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && host != "" && port != ""
}
