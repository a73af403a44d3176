// Package tui is the miner's terminal dashboard: a reader of snapshots that
// redraws four times a second and passes on pause and resume.
//
// It must only be run on a terminal; package plain prints lines elsewhere. It
// imports miner, gpu/telemetry and what a snapshot is made of; cmd/adit imports it.
package tui
