package config

import (
	"net"
	"net/netip"
	"strings"
)

// API is the pool's HTTP side: figures for people and programs, the page, and
// what operators do by it.
type API struct {
	// Listen, host:port, is where it is served; "" is nowhere.
	Listen string
	// TLS serves it encrypted, with the certificate of the TLS table.
	TLS bool
	// TokenFile holds the administrator's token; "" is no administration.
	TokenFile string
	// Origins are the web sites whose pages may read the figures; "*" is all.
	Origins []string
	// Proxies are the addresses whose X-Forwarded-For and X-Forwarded-Proto are
	// believed.
	Proxies []netip.Prefix
	// Host is what miners connect to, for the commands that the page shows; ""
	// is the name that the page is opened by.
	Host string
	// PerSecond bounds the requests from one IP address, after a burst of four
	// times as many.
	PerSecond int
	// Streams bounds how many readers may follow the live figures.
	Streams int
}

func defaultAPI() API {
	return API{Origins: []string{"*"}, PerSecond: 20, Streams: 1000}
}

func readAPI(s *section, c *Config) {
	s.text("listen", &c.API.Listen)
	s.flag("tls", &c.API.TLS)
	s.text("token_file", &c.API.TokenFile)
	s.texts("origins", &c.API.Origins)
	s.networks("trusted_proxies", &c.API.Proxies)
	s.text("host", &c.API.Host)
	s.count("per_second", &c.API.PerSecond, 1, 1_000_000)
	s.count("streams", &c.API.Streams, 0, 1_000_000)
}

func (c *Config) checkAPI(p *problems) {
	a := &c.API
	if a.Listen == "" {
		if a.TokenFile != "" {
			p.add("api.token_file", "token_file is of no use without listen")
		}
		return
	}
	host, _, err := splitListen(a.Listen)
	if err != nil {
		p.add("api.listen", "listen %q: %v", a.Listen, err)
		return
	}
	if a.TLS && c.TLS.Certificate == "" {
		p.add("api.tls", "tls is true, but [tls] names no certificate")
	}
	if a.TokenFile != "" && !a.TLS && !loopback(host) {
		p.add("api.token_file", "administration needs tls = true where listen is not a loopback address: a token must not travel in the clear")
	}
	for _, origin := range a.Origins {
		if origin != "*" && !strings.HasPrefix(origin, "http://") && !strings.HasPrefix(origin, "https://") {
			p.add("api.origins", "origins has %q, which is neither \"*\" nor like https://pool.example", origin)
		}
	}
}

// loopback reports whether only this machine reaches a host.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
