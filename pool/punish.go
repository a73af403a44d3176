package pool

import (
	"fmt"
	"time"

	"github.com/aditmine/adit/pool/penalty"
	"github.com/aditmine/adit/stratum/cryptonote"
)

// Penalties is the book of bad shares and bans, for those who show and edit
// it. A ban by hand ends sessions within seconds.
func (p *Pool) Penalties() *penalty.Book { return p.penalties }

// fault reports whether a verdict is the miner's own doing. What is late, or
// what the pool could not cope with, is not.
func fault(verdict Reason) bool {
	switch verdict {
	case Malformed, Unauthenticated, WrongAlgorithm, UnknownJob, LowDifficulty, Duplicate, BadHash, BadNonce:
		return true
	}
	return false
}

// judged counts a verdict for or against a login, and ends the session when
// that was too much.
func (s *session) judged(login string, verdict Reason) {
	if login == "" {
		return // has not logged in, which the limits take care of
	}
	if verdict == accepted {
		s.pool.penalties.Good(&s.meter, login, s.address)
		return
	}
	if !fault(verdict) {
		return
	}
	sentence := s.pool.penalties.Bad(&s.meter, login, s.address)
	if sentence == penalty.Nothing || !s.sentence.CompareAndSwap(int32(penalty.Nothing), int32(sentence)) {
		return
	}
	s.pool.log.Warn("bad shares end a session", "session", s.id, "peer", s.address, "login", short(login), "last", verdict, "ban", banOf(sentence))
	s.announceBan(login)
	s.interrupt()
}

// login is whom the session mines for, "" before it has logged in.
func (s *session) login() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.miner.Login
}

func banOf(sentence penalty.Sentence) string {
	switch sentence {
	case penalty.BanParty:
		return "the login at this address"
	case penalty.BanAddress:
		return "the address"
	}
	return "none"
}

// announceBan tells observers of a ban that has just begun.
func (s *session) announceBan(login string) {
	if ban, banned := s.pool.penalties.Check(login, s.address); banned {
		s.pool.observe(&Banned{Ban: ban})
	}
}

// sentenceText is what a miner is told at the end.
func (s *session) sentenceText() string {
	if ban, banned := s.pool.penalties.Check(s.login(), s.address); banned {
		return banText(ban)
	}
	return "Too many bad shares"
}

// banText begins as miners know it, who then try elsewhere.
func banText(ban penalty.Ban) string {
	return fmt.Sprintf("%s until %s: %s", cryptonote.TextBannedNow, ban.Until.UTC().Format(time.RFC3339), ban.Reason)
}

// obeyBans ends the session of a miner that has been banned: by hand, or for
// what another of its sessions did.
func (s *session) obeyBans() {
	login := s.login()
	if login == "" {
		return
	}
	if _, banned := s.pool.penalties.Check(login, s.address); banned && s.sentence.CompareAndSwap(int32(penalty.Nothing), int32(penalty.BanParty)) {
		s.interrupt()
	}
}

// mayLogIn checks a login against the bans and the rate of logins. The reason
// is accepted when nothing speaks against it; else the text is for the miner.
func (s *session) mayLogIn(login string) (why Reason, text string) {
	if ban, banned := s.pool.penalties.Check(login, s.address); banned {
		return BannedMiner, banText(ban)
	}
	if !s.pool.logins.Allow(s.address) {
		return TooManyLogins, "Too many logins from this address. Please wait."
	}
	return accepted, ""
}
