// Package api is the pool's HTTP side: figures for people's pages and for
// programs, metrics for Prometheus, and what an administrator does while the
// pool runs.
//
// It serves, on a listener of its own: /api/v1 with an OpenAPI document and a
// stream of live figures; the paths and field names of cryptonote-nodejs-pool,
// so that its front ends and the sites that poll it work; /metrics, /healthz
// and /readyz; and the page of package web at /.
//
// All readers of a path share one encoding a second. Nothing that a stranger
// sends makes it remember, queue or compute without bound, and nothing it does
// holds up the miners: it reads the ledger over a connection of its own.
//
// It imports pool and the packages below it, pool/metrics and pool/web; cmd
// uses it.
package api
