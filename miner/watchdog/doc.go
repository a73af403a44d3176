// Package watchdog guards devices that can fail: graphics cards whose drivers
// hang, that run hot, that compute wrong results or disappear. A [Device]
// stands between the mining engine and a card's searcher, notices what goes
// wrong, and climbs a ladder: it starts the batch again, opens the device anew,
// and at last drops it. Whatever one device does, nothing else waits for it.
//
// It imports hash alone; package miner and what lies above it use it.
package watchdog
