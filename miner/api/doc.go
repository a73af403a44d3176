// Package api serves a mining engine over HTTP: the interface of XMRig that
// dashboards and farm managers read (/2/summary, /2/backends, /2/config, their
// older names, and /json_rpc), and Prometheus metrics.
//
// It imports miner, hash, chain and gpu/telemetry; cmd/adit imports it.
package api
