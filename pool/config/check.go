package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/aditmine/adit/chain/ckb"
	"github.com/aditmine/adit/chain/cryptonote"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/reward"
)

// Check looks for mistakes in a configuration built in code. They come back
// as an *Error whose line numbers mean nothing.
func (c *Config) Check() error {
	p := &problems{lines: lineIndex{}}
	c.check(p)
	return p.err("configuration")
}

func (c *Config) check(p *problems) {
	if len(c.Coins) == 0 {
		p.add("", "there is no [[coin]]: at least one is needed")
	}
	if len(c.Ports) == 0 {
		p.add("", "there is no [[port]]: at least one is needed")
	}
	for i := range c.Coins {
		c.checkCoin(p, i)
	}
	for i := range c.Ports {
		c.checkPort(p, i)
	}
	for i := range c.Payouts {
		c.checkPayout(p, i)
	}
	c.checkSeparators(p)
	c.Ledger.check(p)
	c.checkLimits(p)
	c.checkSessions(p)
	c.checkAPI(p)
}

// checkLimits catches what only a configuration built in code can have: the
// file's ranges are checked while it is read.
func (c *Config) checkLimits(p *problems) {
	l := &c.Limits
	if c.Unlock.Confirmations < 0 || c.Unlock.Interval <= 0 || c.Unlock.Window <= 0 {
		p.add("unlock", "interval and pplns_window must be above 0, confirmations not below")
	}
	for name, ok := range map[string]bool{
		"max_line": l.MaxLine > 0, "login_timeout": l.LoginTimeout > 0, "idle_timeout": l.IdleTimeout > 0,
		"write_timeout": l.WriteTimeout > 0, "max_pending": l.MaxPending > 0, "connections": l.Connections > 0,
		"per_address": l.PerAddress > 0, "malformed": l.MalformedRows > 0, "in_flight": l.InFlight > 0,
	} {
		if !ok {
			p.add("limits."+name, "%s must be above 0", name)
		}
	}
}

func (c *Config) checkCoin(p *problems, i int) {
	coin, path := &c.Coins[i], fmt.Sprintf("coin[%d]", i)
	for j := range i {
		if c.Coins[j].Name == coin.Name && coin.Name != "" {
			p.add(path+".name", "name %q is taken by another coin", coin.Name)
		}
	}
	if coin.Algorithm != "" {
		coin.checkAlgorithm(p, path)
	}
	coin.checkNodes(p, path)
	if coin.Poll <= 0 || coin.Refresh <= 0 {
		p.add(path+".poll", "poll and refresh must be above 0")
	}
	coin.checkAddress(p, path)
}

func (coin *Coin) checkAlgorithm(p *problems, path string) {
	a, err := hash.Lookup(coin.Algorithm)
	if err != nil {
		p.add(path+".algorithm", "algorithm: %v", err)
		return
	}
	if a.Family != coin.Kind.family() {
		p.add(path+".algorithm", "algorithm %s does not belong to a coin of kind %q", a.Name, coin.Kind)
		return
	}
	coin.Algorithm = a.Name
}

// checkAddress checks network and address, which depend on each other.
func (coin *Coin) checkAddress(p *problems, path string) {
	if coin.Kind == CKB {
		network, err := coin.CKBNetwork()
		if err != nil {
			p.add(path+".network", "%v", err)
			return
		}
		if coin.Address == "" {
			return
		}
		if _, err := ckb.ParseAddressOn(network, coin.Address); err != nil {
			p.add(path+".address", "address: %v", err)
		}
		return
	}
	network, err := coin.CryptoNoteNetwork()
	if err != nil {
		p.add(path+".network", "%v", err)
		return
	}
	if coin.Address == "" {
		return
	}
	_, kind, err := network.ParseAddress(coin.Address)
	if err != nil {
		p.add(path+".address", "address: %v", err)
	} else if kind != cryptonote.StandardAddress {
		p.add(path+".address", "address is a %s; blocks can be mined only to a standard address", kind)
	}
}

// CKBNetwork returns the network of a coin of kind CKB. A development chain
// uses the testnet's addresses.
func (coin *Coin) CKBNetwork() (ckb.Network, error) {
	switch strings.ToLower(coin.Network) {
	case "mainnet", "ckb":
		return ckb.Mainnet, nil
	case "testnet", "ckt", "dev":
		return ckb.Testnet, nil
	}
	return "", fmt.Errorf("network %q is not known; it may be mainnet, testnet, dev", coin.Network)
}

// CryptoNoteNetwork returns the network of a coin of kind CryptoNote: for
// Monero by the network's name alone, for others by the coin's name.
func (coin *Coin) CryptoNoteNetwork() (cryptonote.Network, error) {
	want := strings.ToLower(coin.Network)
	var names []string
	for _, n := range cryptonote.Networks() {
		name := strings.ToLower(n.Coin)
		if n.Coin == "Monero" {
			name = n.Name
		}
		if name == want {
			return n, nil
		}
		names = append(names, name)
	}
	return cryptonote.Network{}, fmt.Errorf("network %q is not known; it may be %s", coin.Network, strings.Join(names, ", "))
}

func (c *Config) checkPort(p *problems, i int) {
	port, path := &c.Ports[i], fmt.Sprintf("port[%d]", i)
	if _, ok := c.CoinNamed(port.Coin); !ok && port.Coin != "" {
		p.add(path+".coin", "there is no coin named %q%s", port.Coin, hint(port.Coin, c.coinNames()))
	}
	if port.Listen != "" {
		c.checkListen(p, path, i)
	}
	if port.Scheme != "" && !port.Scheme.Valid() {
		p.add(path+".scheme", "scheme %q is not known; it may be pplns, prop, solo, pps", port.Scheme)
	}
	if port.Fee < 0 || port.Fee > reward.Whole {
		p.add(path+".fee", "fee must be between 0 and 100 %%")
	}
	if port.Fixed > 0 {
		return
	}
	if port.Max > 0 && port.Max < port.Min {
		p.add(path+".max", "max %d is less than min %d", port.Max, port.Min)
	}
	if port.Start < port.Min {
		p.add(path+".start", "start %d is less than min %d", port.Start, port.Min)
	}
	if port.Max > 0 && port.Start > port.Max {
		p.add(path+".start", "start %d is more than max %d", port.Start, port.Max)
	}
}

func (c *Config) coinNames() (names []string) {
	for _, coin := range c.Coins {
		names = append(names, coin.Name)
	}
	return names
}

func (c *Config) checkListen(p *problems, path string, i int) {
	host, number, err := splitListen(c.Ports[i].Listen)
	if err != nil {
		p.add(path+".listen", "listen %q: %v", c.Ports[i].Listen, err)
		return
	}
	for j := range i {
		otherHost, otherNumber, err := splitListen(c.Ports[j].Listen)
		if err == nil && number == otherNumber && number != 0 && (host == otherHost || anyHost(host) || anyHost(otherHost)) {
			p.add(path+".listen", "listen %s: port %d is used twice", c.Ports[i].Listen, number)
			return
		}
	}
}

func splitListen(listen string) (host string, number int, err error) {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, errors.New("it must be host:port, such as 0.0.0.0:3333")
	}
	number, err = strconv.Atoi(text)
	if err != nil || number < 0 || number > 65535 {
		return "", 0, fmt.Errorf("%q is not a port number", text)
	}
	return host, number, nil
}

func anyHost(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }

func (c *Config) checkSeparators(p *problems) {
	for key, s := range map[string]string{
		"worker_separator": c.Login.WorkerSeparator, "difficulty_separator": c.Login.DifficultySeparator,
	} {
		if len(s) != 1 || !strings.ContainsAny(s, ".+#@~:_/-") {
			p.add("login."+key, "%s is %q; it must be one of . + # @ ~ : _ / -", key, s)
		}
	}
	if c.Login.WorkerSeparator == c.Login.DifficultySeparator {
		p.add("login.difficulty_separator", "worker_separator and difficulty_separator are both %q", c.Login.WorkerSeparator)
	}
}
