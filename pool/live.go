package pool

import (
	"context"
	"crypto/tls"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/listen"
	"github.com/aditmine/adit/pool/penalty"
)

// certificateEvery is how often the files of the certificate are looked at.
const certificateEvery = 10 * time.Second

// loginMemory bounds how many addresses' login rates are remembered.
const loginMemory = 100_000

// loginBurst is how many logins may come from one address at once: all the
// miners that it may have, after a restart, and some that are in trouble.
func loginBurst(l config.Limits) int { return l.PerAddress + 10*l.LoginsPerSecond }

// limits are the limits in force.
func (p *Pool) limits() *config.Limits { return &p.live.Load().Limits }

// settings are the port's, as they are in force.
func (p *port) settings() *config.Port { return p.live.Load() }

// Reload puts another configuration in force, as far as that can be done while
// miners are connected: limits, separators of logins, bans, the certificate,
// and of each port everything but where it listens and for which coin. Miners
// that are logged in keep their difficulty; bounds and start hold from the
// next login on. It returns what has changed but waits for the next start. On
// an error nothing has changed.
func (p *Pool) Reload(cfg config.Config) (waiting []string, err error) {
	cfg.Coins = slices.Clone(cfg.Coins) // Check writes names in their canonical form
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if err := p.reloadCertificate(); err != nil {
		return nil, err
	}
	p.reloading.Lock()
	defer p.reloading.Unlock()
	now := *p.live.Load()
	now.Limits, now.Login, now.Bans = cfg.Limits, cfg.Login, cfg.Bans
	now.Log.Level = cfg.Log.Level // cmd's business
	waiting = p.reloadPorts(&now, cfg.Ports)
	p.live.Store(&now)
	p.penalties.Reconfigure(penaltyConfig(&cfg))
	p.logins.Set(cfg.Limits.LoginsPerSecond, loginBurst(cfg.Limits))
	return append(waiting, changedTables(now, cfg)...), nil
}

// reloadPorts gives each port its new settings, and writes them into now.
func (p *Pool) reloadPorts(now *config.Config, wanted []config.Port) (waiting []string) {
	same := func(want config.Port) func(config.Port) bool {
		return func(have config.Port) bool { return have.Listen == want.Listen && have.Coin == want.Coin }
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now.Ports = slices.Clone(now.Ports)
	for _, want := range wanted {
		i := slices.IndexFunc(now.Ports, same(want))
		if i < 0 {
			waiting = append(waiting, "the new port "+want.Listen)
			continue
		}
		now.Ports[i] = want
		if i < len(p.ports) {
			p.ports[i].live.Store(&want)
		}
	}
	for _, have := range now.Ports {
		if !slices.ContainsFunc(wanted, same(have)) {
			waiting = append(waiting, "the end of port "+have.Listen)
		}
	}
	return waiting
}

// changedTables names the tables of the file, besides ports, in which two
// configurations differ.
func changedTables(have, want config.Config) (names []string) {
	a, b := reflect.ValueOf(have), reflect.ValueOf(want)
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if name != "Ports" && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			names = append(names, "["+tableName(name)+"]")
		}
	}
	return names
}

// tableName is a field of the configuration as its file names it.
func tableName(field string) string {
	switch field {
	case "Coins", "Payouts": // lists of tables
		field = strings.TrimSuffix(field, "s")
	}
	return strings.ToLower(field)
}

// penaltyConfig is when shares are too bad. Addresses of trusted proxies are
// never banned: a connection may come from one without saying for whom.
func penaltyConfig(cfg *config.Config) penalty.Config {
	b := &cfg.Bans
	never := slices.Clone(b.Never)
	for _, port := range cfg.Ports {
		never = append(never, port.Proxies...)
	}
	return penalty.Config{BadShares: b.BadShares, Percent: b.Percent, Window: b.Window, Duration: b.Duration, Never: never, Off: b.Off}
}

// loadCertificate reads the certificate, where one is configured.
func (p *Pool) loadCertificate() error {
	if p.cfg.TLS.Certificate == "" {
		return nil
	}
	c, err := listen.LoadCertificate(p.cfg.TLS.Certificate, p.cfg.TLS.Key)
	if err != nil {
		return err
	}
	p.certificate.Store(c)
	p.log.Info("TLS on the stratum ports", "certificate", p.cfg.TLS.Certificate, "sha256", c.Fingerprint())
	return nil
}

func (p *Pool) reloadCertificate() error {
	c := p.certificate.Load()
	if c == nil {
		return nil
	}
	changed, err := c.Reload()
	if changed {
		p.log.Info("the TLS certificate has been replaced", "sha256", c.Fingerprint())
	}
	return err
}

// watchCertificate takes a new certificate when its files change.
func (p *Pool) watchCertificate(ctx context.Context) {
	if p.certificate.Load() == nil {
		return
	}
	ticker := time.NewTicker(certificateEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := p.reloadCertificate(); err != nil {
				p.complain("the TLS certificate cannot be read again; the old one stays", err)
			}
		}
	}
}

// opening is how the port's connections begin.
func (p *port) opening() listen.Config {
	now := p.settings()
	return listen.Config{TLS: p.pool.tlsConfig(), Mode: listen.Mode(now.TLSMode), Proxies: now.Proxies, Admit: p.pool.admit}
}

// offersTLS reports whether miners may encrypt.
func (p *port) offersTLS() bool {
	return p.pool.certificate.Load() != nil && p.settings().TLSMode != config.TLSOff
}

func (p *Pool) tlsConfig() *tls.Config {
	if c := p.certificate.Load(); c != nil {
		return c.Config()
	}
	return nil
}
