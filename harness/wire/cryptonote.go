package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/aditmine/adit/chain"
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/stratum"
	cn "github.com/aditmine/adit/stratum/cryptonote"
)

// Where a hashing blob holds the previous block's id, with the one-byte
// versions and the five-byte timestamp that every current chain has, and how
// long the nonce behind it is.
const (
	parentOffset = 7
	parentEnd    = 39
	cnNonceSize  = 4
)

// errNoID marks a share whose answer could not be told from others.
var errNoID = errors.New("request has no usable id")

func (c *Conn) cnToPool(at time.Duration, line []byte, m stratum.Message, shell error) Event {
	req, err := cn.ParseRequest(line)
	if err != nil {
		if shell == nil && m.Method == cn.MethodSubmit {
			return c.submit(&Submit{ID: m.ID, At: at, Malformed: err})
		}
		c.ask(m.ID, &request{kind: kindOther})
		return nil
	}
	switch r := req.(type) {
	case *cn.Login:
		c.ask(r.ID, &request{kind: kindLogin})
	case *cn.GetJob:
		c.ask(r.ID, &request{kind: kindGetJob})
	case *cn.Submit:
		return c.cnSubmit(at, r)
	default:
		c.ask(req.RequestID(), &request{kind: kindOther})
	}
	return nil
}

// cnSubmit reads a share.
func (c *Conn) cnSubmit(at time.Duration, r *cn.Submit) Event {
	claimed := hash.Digest(r.Result)
	s := &Submit{ID: r.ID, At: at, JobID: r.JobID, Nonce: r.Nonce[:], Claimed: &claimed}
	if !r.ID.Awaited() {
		s.Malformed = errNoID
	}
	// Many pools know a session by its socket alone: an absent id is no offence.
	s.Unauthorized = !c.unsure && (!c.ready || r.RPCID != "" && r.RPCID != c.session)
	c.submit(s)
	if s.Job != nil && s.Malformed == nil {
		s.Malformed = cnMismatch(s, r.Algo)
	}
	return s
}

// cnMismatch says what in a well-formed share contradicts its job.
func cnMismatch(s *Submit, algo string) error {
	if fixed := s.Job.Fixed; len(fixed) > 0 && s.Nonce[cnNonceSize-1] != fixed[0] {
		return fmt.Errorf("nonce byte 3 is %02x, the job fixes it to %02x", s.Nonce[cnNonceSize-1], fixed[0])
	}
	if algo == "" || strings.EqualFold(algo, s.Job.AlgoName) {
		return nil
	}
	if a, err := hash.Lookup(algo); err == nil && s.Job.Algo == a {
		return nil
	}
	return fmt.Errorf("algorithm %q is not the job's", algo)
}

func (c *Conn) cnToMiner(at time.Duration, line []byte) []Event {
	msg, err := cn.ParseServerMessage(line)
	if err != nil {
		c.Missed()
		return nil
	}
	switch m := msg.(type) {
	case *cn.JobNotification:
		return []Event{c.cnJob(at, m.Job)}
	case *cn.Reply:
		return c.cnReply(at, m)
	}
	return nil
}

func (c *Conn) cnReply(at time.Duration, r *cn.Reply) []Event {
	req := c.answered(r.ID)
	if req == nil {
		return nil
	}
	switch req.kind {
	case kindLogin:
		if r.Err != nil {
			return []Event{&Refused{At: at, Text: r.Err.Message}}
		}
		return c.cnLoggedIn(at, r)
	case kindGetJob:
		job, err := r.Job()
		if err != nil {
			c.Missed()
			return nil
		}
		return []Event{c.cnJob(at, job)}
	case kindSubmit:
		value, isBool := r.Result.Bool()
		yes := isBool && value || strings.EqualFold(r.Status(), cn.StatusOK)
		return []Event{result(req.submit, at, answer{yes: yes, no: isBool && !value, err: r.Err})}
	}
	return nil
}

// cnLoggedIn reads the reply to a login. A session without a usable job is a
// session all the same.
func (c *Conn) cnLoggedIn(at time.Duration, r *cn.Reply) []Event {
	c.session, _ = r.Result.Field("id").Text()
	c.ready = true
	login, err := r.Login()
	if err != nil {
		c.Missed()
		return []Event{&Ready{At: at}}
	}
	return []Event{&Ready{At: at}, c.cnJob(at, login.Job)}
}

// cnJob turns a job of the wire into one that can be judged.
func (c *Conn) cnJob(at time.Duration, j *cn.Job) Event {
	job := &Job{
		ID: j.ID, At: at, Algo: c.lookup(j.Algo), AlgoName: j.Algo, Input: j.Blob,
		NonceOffset: parentEnd, NonceSize: cnNonceSize,
		Height: j.Height, Parent: string(j.Blob[parentOffset:parentEnd]),
	}
	if job.Algo != nil && job.AlgoName == "" {
		job.AlgoName = job.Algo.Name
	}
	nonce := j.Blob[parentEnd : parentEnd+cnNonceSize]
	if nonce[0]|nonce[1]|nonce[2]|nonce[3] != 0 {
		job.NonceSize, job.Fixed = cnNonceSize-1, nonce[cnNonceSize-1:]
	}
	target, difficulty, err := chain.ParseTargetHex(hex.EncodeToString(j.Target))
	if err != nil {
		job.Unsure = true // a zero target: nothing meets it, and no verdict on it means anything
	}
	job.Target, job.Loose, job.Difficulty = target, loosest(j.Target), difficulty
	if bytes.Compare(job.Loose[:], job.Target[:]) < 0 {
		job.Loose = job.Target // no difficulty has this compact form
	}
	return c.issue(job)
}

// loosest is the target of the lowest difficulty whose compact form is raw.
func loosest(raw []byte) hash.Target {
	var t uint64
	for i := len(raw) - 1; i >= 0; i-- {
		t = t<<8 | uint64(raw[i])
	}
	most := uint64(math.MaxUint64)
	if len(raw) == 4 {
		most = math.MaxUint32
	}
	if t == most {
		return chain.TargetFromDifficulty(1)
	}
	return chain.TargetFromDifficulty(most/(t+1) + 1)
}
