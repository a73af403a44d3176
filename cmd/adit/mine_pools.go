package main

import (
	"cmp"
	"strings"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/miner/config"
	"github.com/aditmine/adit/stratumclient"
)

// poolFlags are the flags that say where to mine. Each may be given once for
// every pool.
type poolFlags struct {
	urls, userPass, users, passes, rigIDs, fingerprints []string
	tls, keepalive                                      bool
	file                                                []config.Pool // used without urls
}

// endpoints pairs the flags up: the Nth user belongs to the Nth pool; one user
// alone belongs to all.
func (f poolFlags) endpoints(a *hash.Algorithm) ([]stratumclient.Endpoint, error) {
	users, passes, err := f.logins()
	if err != nil {
		return nil, err
	}
	out, err := f.addresses()
	if err != nil {
		return nil, err
	}
	for i := range out {
		out[i].TLS = out[i].TLS || f.tls
		out[i].Algorithm, out[i].Keepalive = a, out[i].Keepalive || f.keepalive
	}
	for _, flag := range []struct {
		name   string
		values []string
		set    func(e *stratumclient.Endpoint, v string)
	}{
		{"-u", users, func(e *stratumclient.Endpoint, v string) { e.User = v }},
		{"-p", passes, func(e *stratumclient.Endpoint, v string) { e.Pass = v }},
		{"--rig-id", f.rigIDs, func(e *stratumclient.Endpoint, v string) { e.RigID = v }},
		{"--tls-fingerprint", f.fingerprints, func(e *stratumclient.Endpoint, v string) { e.Fingerprint, e.TLS = v, true }},
	} {
		if err := spread(flag.name, flag.values, out, flag.set); err != nil {
			return nil, err
		}
	}
	for i := range out {
		if out[i].User == "" {
			return nil, usagef("no user for pool %s: give the wallet address with -u", out[i].Host)
		}
	}
	return out, nil
}

// addresses reads the pools that the command line names, or else those of the
// configuration with what it says of each.
func (f poolFlags) addresses() (out []stratumclient.Endpoint, err error) {
	for _, url := range f.urls {
		e, err := stratumclient.ParseEndpoint(url)
		if err != nil {
			return nil, usagef("-o: %v", err)
		}
		out = append(out, e)
	}
	if len(out) > 0 {
		return out, nil
	}
	for i, p := range f.file {
		e, err := stratumclient.ParseEndpoint(p.URL)
		if err != nil {
			return nil, usagef("configuration, pools[%d].url: %v", i, err)
		}
		e.User, e.Pass, e.RigID = cmp.Or(p.User, e.User), cmp.Or(p.Pass, e.Pass), p.RigID
		e.Fingerprint, e.TLS, e.Keepalive = p.Fingerprint, e.TLS || p.TLS || p.Fingerprint != "", p.Keepalive
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, usagef("no pool to mine on: give its address with -o host:port")
	}
	return out, nil
}

// logins resolves -O user:pass against -u and -p.
func (f poolFlags) logins() (users, passes []string, err error) {
	if len(f.userPass) == 0 {
		return f.users, f.passes, nil
	}
	if len(f.users)+len(f.passes) > 0 {
		return nil, nil, usagef("give either -O user:pass or -u and -p, not both")
	}
	for _, pair := range f.userPass {
		user, pass, ok := strings.Cut(pair, ":")
		if !ok {
			return nil, nil, usagef("-O %q: want user:password", pair)
		}
		users, passes = append(users, user), append(passes, pass)
	}
	return users, passes, nil
}

// spread gives the pools a flag's values: one for all, or the Nth to the Nth.
func spread(name string, values []string, pools []stratumclient.Endpoint, set func(*stratumclient.Endpoint, string)) error {
	if len(values) > len(pools) {
		return usagef("%s is given %d times for %d pools", name, len(values), len(pools))
	}
	for i := range pools {
		switch {
		case len(values) == 1:
			set(&pools[i], values[0])
		case i < len(values):
			set(&pools[i], values[i])
		}
	}
	return nil
}
