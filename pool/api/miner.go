package api

import (
	"github.com/aditmine/adit/pool/metrics"
)

// maxWorkers bounds the workers that are listed of one miner.
const maxWorkers = 2000

// add counts a worker in.
func (m *Miner) add(w metrics.Worker, done sum) {
	m.Now += w.Now
	m.Hour += w.Hour
	m.SixHours += w.SixHours
	m.Day += w.Day
	last := done.last
	if w.LastShare.After(last) {
		last = w.LastShare
	}
	if m.LastShare == nil || last.After(*m.LastShare) {
		m.LastShare = moment(last)
	}
	if len(m.Workers) == maxWorkers {
		return
	}
	m.Workers = append(m.Workers, MinerWorker{
		Worker: w.Worker, Rig: w.Rig, Agent: w.Agent, Rates: Rates(w.Rates), Sessions: w.Sessions,
		Shares: done.shares, Work: done.work, Accepted: w.Accepted, Rejected: w.Rejected, LastShare: moment(last),
	})
}
