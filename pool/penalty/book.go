package penalty

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/aditmine/adit/pool/lru"
)

// Defaults of Config.
const (
	DefaultBadShares = 50
	DefaultPercent   = 50
	DefaultWindow    = 10 * time.Minute
	DefaultDuration  = 10 * time.Minute
	DefaultCapacity  = 100_000
)

// addressParties is how many parties of an address must have been banned in
// the window before the address itself can be.
const addressParties = 3

// Config says when shares are too bad.
type Config struct {
	// BadShares is how many bad shares a session needs in the window before
	// anything happens; a login at an address needs twice as many.
	BadShares int
	// Percent is how many of a hundred shares must be bad.
	Percent int
	// Window is over which time shares are counted.
	Window time.Duration
	// Duration is how long a ban lasts.
	Duration time.Duration
	// Capacity bounds how many parties, addresses and bans are remembered, each.
	Capacity int
	// Never are addresses that are not banned automatically: proxies that many
	// miners come through.
	Never []netip.Prefix
	// Off lets nothing be banned automatically; bans by hand still hold.
	Off bool
}

func (c Config) withDefaults() Config {
	c.BadShares = cmp.Or(max(c.BadShares, 0), DefaultBadShares)
	c.Percent = cmp.Or(max(c.Percent, 0), DefaultPercent)
	c.Window = cmp.Or(max(c.Window, 0), DefaultWindow)
	c.Duration = cmp.Or(max(c.Duration, 0), DefaultDuration)
	c.Capacity = cmp.Or(max(c.Capacity, 0), DefaultCapacity)
	return c
}

// Key is what a ban holds for: a login at an address, a whole address (no
// Login), or a login wherever it comes from (no Address; only by hand).
type Key struct {
	Login   string `json:"login,omitempty"`
	Address string `json:"address,omitempty"` // IP address, as text
}

// Ban is one ban in force.
type Ban struct {
	Key
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
}

// Sentence is what follows from a share.
type Sentence int

// The sentences, mildest first. From Cut on the session is to be closed.
const (
	Nothing    Sentence = iota
	Cut                 // the session has sent mostly bad shares
	BanParty            // the login is banned at this address
	BanAddress          // the address is banned
)

// Reasons of automatic bans.
const (
	reasonParty   = "most of its shares from this address were bad"
	reasonAddress = "most shares from this address were bad, of several logins"
)

// Book keeps the counts and the bans. It is safe for concurrent use.
type Book struct {
	now func() time.Time

	mu        sync.Mutex
	cfg       Config
	parties   *lru.Map[Key, Meter]
	addresses *lru.Map[string, neighbourhood]
	bans      *lru.Map[Key, Ban]
}

// neighbourhood is what an address has sent: all good shares, and the bad ones
// of parties that were banned.
type neighbourhood struct {
	shares Meter
	banned Meter // bad: parties banned
}

// New returns an empty book. Fields of cfg that are 0 take their defaults.
func New(cfg Config, now func() time.Time) *Book {
	cfg = cfg.withDefaults()
	return &Book{
		now: now, cfg: cfg,
		parties:   lru.New[Key, Meter](cfg.Capacity),
		addresses: lru.New[string, neighbourhood](cfg.Capacity),
		bans:      lru.New[Key, Ban](cfg.Capacity),
	}
}

// Reconfigure changes the limits for what comes; Capacity stays. Bans in force
// stay as they are.
func (b *Book) Reconfigure(cfg Config) {
	b.mu.Lock()
	defer b.mu.Unlock()
	capacity := b.cfg.Capacity
	b.cfg = cfg.withDefaults()
	b.cfg.Capacity = capacity
}

// Check looks for a ban in force that holds for a login at an address. An
// empty login asks for the address alone.
func (b *Book) Check(login, address string) (Ban, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bans.Len() == 0 {
		return Ban{}, false
	}
	keys := []Key{{Address: address}}
	if login != "" {
		keys = append(keys, Key{login, address}, Key{Login: login})
	}
	now := b.now()
	for _, k := range keys {
		ban := b.bans.Get(k)
		if ban == nil {
			continue
		}
		if now.Before(ban.Until) {
			return *ban, true
		}
		b.bans.Drop(k)
	}
	return Ban{}, false
}

// Good counts a share that was accepted.
func (b *Book) Good(session *Meter, login, address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cfg.Off {
		return
	}
	now := b.now()
	for _, m := range []*Meter{session, b.parties.Put(Key{login, address}), &b.addresses.Put(address).shares} {
		m.roll(now, b.cfg.Window)
		m.addGood()
	}
}

// Bad counts a share that was the miner's fault, and says what follows.
func (b *Book) Bad(session *Meter, login, address string) Sentence {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cfg.Off {
		return Nothing
	}
	now, party := b.now(), b.parties.Put(Key{login, address})
	for _, m := range []*Meter{session, party} {
		m.roll(now, b.cfg.Window)
		m.addBad(1)
	}
	if b.tooBad(party, 2*b.cfg.BadShares) {
		return b.banParty(now, party, Key{login, address})
	}
	if b.tooBad(session, b.cfg.BadShares) {
		return Cut
	}
	return Nothing
}

// tooBad reports whether a meter has seen enough, and mostly bad.
func (b *Book) tooBad(m *Meter, least int) bool {
	good, bad := m.sums()
	return bad >= uint64(least) && bad*100 > (good+bad)*uint64(b.cfg.Percent)
}

// banParty bans a login at its address, and the address when it is the last
// straw.
func (b *Book) banParty(now time.Time, party *Meter, k Key) Sentence {
	_, bad := party.sums()
	*party = Meter{}
	b.ban(k, reasonParty, now, now.Add(b.cfg.Duration))
	place := b.addresses.Put(k.Address)
	place.shares.roll(now, b.cfg.Window)
	place.banned.roll(now, b.cfg.Window)
	place.shares.addBad(uint32(min(bad, 1<<20)))
	place.banned.addBad(1)
	_, banned := place.banned.sums()
	good, bad := place.shares.sums()
	if banned < addressParties || bad <= good || b.spared(k.Address) {
		return BanParty
	}
	*place = neighbourhood{}
	b.ban(Key{Address: k.Address}, reasonAddress, now, now.Add(b.cfg.Duration))
	return BanAddress
}

// spared reports whether an address is never banned as a whole.
func (b *Book) spared(address string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(b.cfg.Never, func(p netip.Prefix) bool { return p.Contains(a.Unmap().WithZone("")) })
}

func (b *Book) ban(k Key, reason string, since, until time.Time) {
	*b.bans.Put(k) = Ban{Key: k, Reason: reason, Since: since, Until: until}
}

// Ban bans by hand, or replaces a ban.
func (b *Book) Ban(k Key, reason string, until time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ban(k, reason, b.now(), until)
}

// Lift ends a ban. It reports whether there was one.
func (b *Book) Lift(k Key) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	ban := b.bans.Get(k)
	inForce := ban != nil && b.now().Before(ban.Until)
	b.bans.Drop(k)
	return inForce
}

// Bans lists the bans in force, those that end first in front.
func (b *Book) Bans() []Ban {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Ban
	now := b.now()
	for k, ban := range b.bans.All() {
		if now.Before(ban.Until) {
			list = append(list, *ban)
		} else {
			b.bans.Drop(k)
		}
	}
	slices.SortFunc(list, func(x, y Ban) int {
		return cmp.Or(x.Until.Compare(y.Until), cmp.Compare(x.Address, y.Address), cmp.Compare(x.Login, y.Login))
	})
	return list
}
