package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aditmine/adit/pool/metrics"
	"github.com/aditmine/adit/pool/web"
)

// param is a parameter of a route's query.
type param struct {
	name, doc string
}

// route is one path of /api/v1. What it says of itself is in the OpenAPI
// document.
type route struct {
	method, path string
	summary      string
	query        []param
	body, answer any // of what types they are; nil: none
	admin        bool
	// figures makes the answer for everybody; act does what an administrator
	// asks, and makes the answer.
	figures func(v *view, r *http.Request) (any, error)
	act     func(v *view, r *http.Request) (any, error)
}

// routing puts everything at its path.
func (s *Server) routing() (http.Handler, error) {
	document, err := s.document()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(r.method+" "+r.path, s.serveRoute(r))
	}
	for path, figures := range s.classic() {
		mux.Handle("GET "+path, s.serveRoute(route{figures: figures}))
	}
	for path, act := range s.classicAdmin() {
		mux.Handle("GET "+path, s.serveRoute(route{admin: true, act: act}))
	}
	mux.HandleFunc("GET /live_stats", s.serveLiveStats)
	mux.HandleFunc("GET /api/v1/events", s.serveEvents)
	mux.HandleFunc("GET /api/v1/openapi.json", func(w http.ResponseWriter, r *http.Request) { document.write(w, r) })
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, failf(http.StatusNotFound, "there is no %s %s: see /api/v1/openapi.json", r.Method, r.URL.Path))
	})
	exposition, err := metrics.Handler(s.deps.Pool, s.deps.Figures, s.ledgerFigures)
	if err != nil {
		return nil, fmt.Errorf("preparing /metrics: %w", err)
	}
	mux.Handle("GET /metrics", exposition)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.serveReady)
	mux.Handle("/", web.Handler())
	return s.guard(mux), nil
}

// serveRoute answers a route of the API.
func (s *Server) serveRoute(route route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.view.Load()
		switch {
		case route.admin && !s.mayAdminister(w, r):
		case v == nil:
			writeError(w, errStarting)
		case route.act == nil:
			key := r.URL.Path + "?" + r.URL.Query().Encode()
			// Others wait for the same answer: it is made also if this reader goes.
			shared := r.WithContext(context.WithoutCancel(r.Context()))
			s.cache.get(v, key, func() (any, error) { return route.figures(v, shared) }).write(w, r)
		default:
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
			w.Header().Set("Cache-Control", "no-store")
			answer, err := route.act(v, r)
			if err != nil {
				s.writeActError(w, r, err)
				return
			}
			writeJSON(w, http.StatusOK, answer)
		}
	})
}

// writeActError tells an administrator what went wrong: they may know all.
func (s *Server) writeActError(w http.ResponseWriter, r *http.Request, err error) {
	s.log.Warn("an administrator's request failed", "path", r.URL.Path, "err", err)
	if _, known := err.(*statusError); !known {
		err = failf(http.StatusInternalServerError, "%v", err)
	}
	writeError(w, err)
}

// serveReady says whether miners are being served.
func (s *Server) serveReady(w http.ResponseWriter, _ *http.Request) {
	v := s.view.Load()
	var waiting []string
	switch {
	case v == nil || !v.figures.Ready:
		waiting = append(waiting, "the pool is starting")
	case v.figures.Draining:
		waiting = append(waiting, "the pool is about to end")
	default:
		for _, c := range v.figures.Coins {
			if len(c.Nodes) > 0 && !slices.ContainsFunc(c.Nodes, func(n NodeFigures) bool { return n.OK && n.Synced }) {
				waiting = append(waiting, "no node of "+c.Name+" is well")
			}
		}
	}
	if len(waiting) > 0 {
		http.Error(w, strings.Join(waiting, "; "), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// guard stands before every path: it bounds how often a client may ask, and
// says which web sites may read the answers.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		if !s.limiter.Allow(s.client(r)) {
			writeError(w, failf(http.StatusTooManyRequests, "too many requests from your address: ask again in a moment"))
			return
		}
		s.allowOrigin(h, r)
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET, HEAD")
			h.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// allowOrigin lets pages of configured sites read an answer. They are never
// allowed to send a token.
func (s *Server) allowOrigin(h http.Header, r *http.Request) {
	origin := r.Header.Get("Origin")
	if slices.Contains(s.cfg.API.Origins, "*") {
		h.Set("Access-Control-Allow-Origin", "*")
		return
	}
	h.Add("Vary", "Origin")
	if origin != "" && slices.Contains(s.cfg.API.Origins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
	}
}

// peer is the address that a request comes from, and whether it is that of a
// trusted proxy.
func (s *Server) peer(r *http.Request) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, false
	}
	addr = addr.Unmap().WithZone("")
	return addr, s.trusts(addr)
}

// trusts reports whether an address is a trusted proxy's.
func (s *Server) trusts(a netip.Addr) bool {
	return slices.ContainsFunc(s.cfg.API.Proxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// client is the IP address that asks: the peer's, or the last one in
// X-Forwarded-For that is not a trusted proxy's, where the peer is one.
func (s *Server) client(r *http.Request) string {
	addr, trusted := s.peer(r)
	if trusted {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			a, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				break
			}
			if addr = a.Unmap().WithZone(""); !s.trusts(addr) {
				break
			}
		}
	}
	return network(addr)
}

// network is what counts as one client: an IPv4 address, or the /64 that one
// customer has of IPv6.
func network(a netip.Addr) string {
	if a.Is6() {
		p, err := a.Prefix(64)
		if err == nil {
			return p.String()
		}
	}
	return a.String()
}

// secure reports whether nobody on the way can read a request: it is
// encrypted, or does not leave this machine.
func (s *Server) secure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	addr, trusted := s.peer(r)
	if trusted && r.Header.Get("X-Forwarded-For") != "" {
		return r.Header.Get("X-Forwarded-Proto") == "https"
	}
	return addr.IsLoopback()
}

// mayAdminister answers those who may not.
func (s *Server) mayAdminister(w http.ResponseWriter, r *http.Request) bool {
	switch {
	case s.token == nil:
		writeError(w, failf(http.StatusForbidden, "administration is off: set token_file in [api]"))
	case !s.secure(r):
		writeError(w, failf(http.StatusForbidden, "administration needs TLS: a token must not travel in the clear"))
	case !s.token.admits(r):
		w.Header().Set("WWW-Authenticate", `Bearer realm="adit pool"`)
		writeError(w, failf(http.StatusUnauthorized, "the administrator's token is missing or wrong"))
	default:
		return true
	}
	return false
}

// streamTimeout bounds the sending of one event.
const streamTimeout = 10 * time.Second

// serveEvents streams the live figures as Server-Sent Events (HTML Living
// Standard, section 9.2).
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	messages := s.hub.join(s.client(r))
	if messages == nil {
		writeError(w, failf(http.StatusServiceUnavailable, "too many follow the live figures already: ask /api/v1/pool now and then instead"))
		return
	}
	defer s.hub.leave(messages)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx must not hold events back
	control := http.NewResponseController(w)
	for {
		select {
		case <-r.Context().Done():
			return
		case message := <-messages:
			_ = control.SetWriteDeadline(time.Now().Add(streamTimeout)) // where that fails, the write does too
			if _, err := w.Write(message); err != nil {
				return
			}
			if control.Flush() != nil {
				return
			}
		}
	}
}
