package miner

import (
	"time"

	"github.com/aditmine/adit/stratumclient"
)

// handle books one event of the client.
func (e *Engine) handle(ev stratumclient.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch ev := ev.(type) {
	case stratumclient.Connected:
		e.connected(ev)
	case stratumclient.LoggedIn:
		e.reach(PoolReady, ev.Pool)
		e.noteLogin()
	case stratumclient.NewJob:
		e.accept(ev.Job)
	case stratumclient.ShareResult:
		e.verdict(ev)
	case stratumclient.Notice:
		e.noteLocked(EventInfo, "%s: %s", ev.Pool, ev.Text)
	case stratumclient.Disconnected:
		e.disconnected(ev)
	}
}

// reach books a new state of the connection.
func (e *Engine) reach(s PoolState, host string) {
	if e.pool.State != s || e.pool.Since.IsZero() {
		e.pool.Since = time.Now()
	}
	e.pool.State, e.pool.Host = s, printable(host)
}

// connected books a connection, which may replace one that was still good: the
// client has gone back to a better pool.
func (e *Engine) connected(ev stratumclient.Connected) {
	e.withdraw()
	e.reach(PoolConnected, ev.Pool)
	e.pool.Remote, e.pool.TLS, e.pool.Fingerprint = ev.Remote, ev.TLS, ev.Fingerprint
}

// noteLogin tells which pool is in use, with its certificate to compare or pin.
func (e *Engine) noteLogin() {
	p := &e.pool
	if p.TLS == "" {
		e.noteLocked(EventNetwork, "use pool %s %s", p.Host, p.Remote)
		return
	}
	e.noteLocked(EventNetwork, "use pool %s %s %s", p.Host, p.TLS, p.Remote)
	e.noteLocked(EventNetwork, "fingerprint (SHA-256) %s", p.Fingerprint)
}

// disconnected takes the work back.
func (e *Engine) disconnected(ev stratumclient.Disconnected) {
	e.withdraw()
	e.reach(PoolConnecting, ev.Pool)
	e.pool.Remote, e.pool.TLS, e.pool.Fingerprint = "", "", ""
	e.pool.Failures++
	e.pool.LastError = "connection ended"
	if ev.Err != nil {
		e.pool.LastError = printable(ev.Err.Error())
	}
	retry := ""
	if ev.Retry > 0 {
		retry = ", next try in " + FormatAge(ev.Retry)
	}
	e.noteLocked(EventOffline, "%s: %s%s", ev.Pool, e.pool.LastError, retry)
}

// withdraw leaves the workers without work and makes what they have found so
// far worthless: it belongs to a connection that is not used any more.
func (e *Engine) withdraw() {
	e.validFrom.Store(e.serial + 1)
	e.job = nil
	e.board.post(nil)
}
