package penalty

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// court is a book on a clock that the test moves.
type court struct {
	*Book
	at time.Time
}

func newCourt(cfg Config) *court {
	c := &court{at: time.Unix(1_700_000_000, 0)}
	c.Book = New(cfg, func() time.Time { return c.at })
	return c
}

// rig is one session.
type rig struct {
	Meter
	login, address string
}

func (c *court) bad(r *rig, n int) (worst Sentence) {
	for range n {
		worst = max(worst, c.Bad(&r.Meter, r.login, r.address))
	}
	return worst
}

func (c *court) good(r *rig, n int) {
	for range n {
		c.Good(&r.Meter, r.login, r.address)
	}
}

func (c *court) banned(login, address string) bool {
	_, is := c.Check(login, address)
	return is
}

func TestASingleMistakeIsForgiven(t *testing.T) {
	c := newCourt(Config{})
	for i := range 1000 {
		r := &rig{login: fmt.Sprint("w", i), address: "192.0.2.1"}
		require.Equal(t, Nothing, c.bad(r, 1))
	}
	require.Empty(t, c.Bans())
	r := &rig{login: "w", address: "192.0.2.2"}
	require.Equal(t, Nothing, c.bad(r, DefaultBadShares-1))
}

func TestSessionThenLoginThenAddress(t *testing.T) {
	c := newCourt(Config{})
	r := &rig{login: "w", address: "192.0.2.1"}
	require.Equal(t, Cut, c.bad(r, DefaultBadShares))
	require.Empty(t, c.Bans(), "a cut session may come back")
	again := &rig{login: "w", address: "192.0.2.1"}
	require.Equal(t, BanParty, c.bad(again, DefaultBadShares))
	require.True(t, c.banned("w", "192.0.2.1"))
	require.False(t, c.banned("", "192.0.2.1"), "the address is not banned for one login")
	require.Equal(t, BanParty, c.bad(&rig{login: "v", address: "192.0.2.1"}, 2*DefaultBadShares))
	require.Equal(t, BanAddress, c.bad(&rig{login: "u", address: "192.0.2.1"}, 2*DefaultBadShares))
	require.True(t, c.banned("", "192.0.2.1"))
	require.True(t, c.banned("somebody", "192.0.2.1"))
	require.Len(t, c.Bans(), 4)
}

func TestRatioDecides(t *testing.T) {
	c := newCourt(Config{})
	r := &rig{login: "w", address: "192.0.2.1"}
	for range 500 {
		c.good(r, 11)
		require.Equal(t, Nothing, c.bad(r, 10), "bad, but not mostly")
	}
	require.Empty(t, c.Bans())
}

func TestTheWindowSlides(t *testing.T) {
	c := newCourt(Config{Window: time.Minute})
	r := &rig{login: "w", address: "192.0.2.1"}
	for range 100 { // one bad share every two minutes, for hours
		require.Equal(t, Nothing, c.bad(r, 1))
		c.at = c.at.Add(2 * time.Minute)
	}
	c.good(r, 10_000)
	c.at = c.at.Add(2 * time.Minute)
	require.Equal(t, Cut, c.bad(r, DefaultBadShares), "good shares of long ago excuse nothing")
}

// One rig of a farm behind a NAT goes mad and comes back again and again.
func TestABadRigDoesNotBanItsNeighbours(t *testing.T) {
	c := newCourt(Config{})
	const nat = "198.51.100.7"
	farm := make([]*rig, 50)
	for i := range farm {
		farm[i] = &rig{login: "farm", address: nat}
	}
	neighbour, mad := &rig{login: "neighbour", address: nat}, &rig{login: "mad", address: nat}
	for range 20 {
		for _, r := range append(farm, neighbour) {
			c.good(r, 1)
		}
		c.bad(mad, 10)
		if c.banned("mad", nat) {
			mad.Meter = Meter{}
		}
	}
	require.True(t, c.banned("mad", nat))
	require.False(t, c.banned("neighbour", nat))
	require.False(t, c.banned("farm", nat))

	// Under the farm's own login a bad rig only loses its session.
	own := &rig{login: "farm", address: nat}
	require.Equal(t, Cut, c.bad(own, DefaultBadShares))
	require.False(t, c.banned("farm", nat))
}

// A miner that invents logins cannot ban an address from which more good work
// comes than bad.
func TestManyBadLoginsAmongGoodWork(t *testing.T) {
	c := newCourt(Config{})
	const nat = "198.51.100.7"
	c.good(&rig{login: "farm", address: nat}, 3000)
	for i := range 20 {
		require.NotEqual(t, BanAddress, c.bad(&rig{login: fmt.Sprint("bad", i), address: nat}, 2*DefaultBadShares))
	}
	require.False(t, c.banned("farm", nat))
}

func TestAVictimsLoginIsNotHurtFromElsewhere(t *testing.T) {
	c := newCourt(Config{})
	c.good(&rig{login: "victim", address: "203.0.113.1"}, 5)
	require.Equal(t, BanParty, c.bad(&rig{login: "victim", address: "198.51.100.66"}, 2*DefaultBadShares))
	require.True(t, c.banned("victim", "198.51.100.66"))
	require.False(t, c.banned("victim", "203.0.113.1"))
	require.False(t, c.banned("victim", "203.0.113.2"))
}

func TestSparedAddresses(t *testing.T) {
	c := newCourt(Config{Never: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}})
	for _, address := range []string{"10.1.2.3", "2001:db8::1", "::ffff:10.1.2.3"} {
		for i := range 10 {
			c.bad(&rig{login: fmt.Sprint(i), address: address}, 2*DefaultBadShares)
		}
		require.True(t, c.banned("3", address))
		require.False(t, c.banned("", address), address)
	}
}

func TestBansExpire(t *testing.T) {
	c := newCourt(Config{Duration: time.Minute})
	r := &rig{login: "w", address: "192.0.2.1"}
	require.Equal(t, BanParty, c.bad(r, 2*DefaultBadShares))
	ban, is := c.Check("w", "192.0.2.1")
	require.True(t, is)
	require.Equal(t, c.at.Add(time.Minute), ban.Until)
	require.NotEmpty(t, ban.Reason)
	c.at = c.at.Add(time.Minute)
	require.False(t, c.banned("w", "192.0.2.1"))
	require.Empty(t, c.Bans())
	require.Equal(t, Nothing, c.bad(&rig{login: "w", address: "192.0.2.1"}, 1), "it begins anew")
}

func TestBansByHand(t *testing.T) {
	c := newCourt(Config{Off: true})
	until := c.at.Add(time.Hour)
	c.Ban(Key{Login: "w"}, "asked to", until)
	c.Ban(Key{Address: "192.0.2.1"}, "abuse", until.Add(time.Hour))
	require.True(t, c.banned("w", "203.0.113.9"))
	require.True(t, c.banned("v", "192.0.2.1"))
	require.False(t, c.banned("v", "203.0.113.9"))
	bans := c.Bans()
	require.Len(t, bans, 2)
	require.Equal(t, Ban{Key: Key{Login: "w"}, Reason: "asked to", Since: c.at, Until: until}, bans[0])
	require.True(t, c.Lift(Key{Login: "w"}))
	require.False(t, c.Lift(Key{Login: "w"}))
	require.False(t, c.banned("w", "203.0.113.9"))
	require.Equal(t, Nothing, c.bad(&rig{login: "v", address: "203.0.113.9"}, 1000), "off")
}

func TestMemoryIsBounded(t *testing.T) {
	c := newCourt(Config{Capacity: 50})
	for i := range 1000 {
		r := &rig{login: fmt.Sprint("w", i), address: fmt.Sprint("a", i)}
		c.good(r, 1)
		c.bad(r, 2*DefaultBadShares)
	}
	require.Len(t, c.Bans(), 50)
	for _, n := range []int{c.parties.Len(), c.addresses.Len(), c.bans.Len()} {
		require.Equal(t, 50, n)
	}
	require.True(t, c.banned("w999", "a999"), "the newest are kept")
}

func TestReconfigure(t *testing.T) {
	c := newCourt(Config{})
	c.Reconfigure(Config{BadShares: 3, Percent: 90})
	r := &rig{login: "w", address: "192.0.2.1"}
	c.good(r, 1)
	require.Equal(t, Nothing, c.bad(r, 9), "nine of ten are not more than 90 %")
	require.Equal(t, BanParty, c.bad(r, 1))
}
