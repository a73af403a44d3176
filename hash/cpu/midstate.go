package cpu

import (
	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/hash/eaglesong"
)

// midstateLanes searches Eaglesong over the 48-byte message of CKB's proof of
// work, where only the last 16 bytes change: half the work of a whole hash.
type midstateLanes struct {
	algorithm *hash.Algorithm
	search    *eaglesong.Search
}

func (l *midstateLanes) info() (string, int) {
	kernel := l.search.Kernel()
	return kernel.Name, kernel.Lanes
}

func (l *midstateLanes) suits(w *hash.Work) bool {
	return w.Algorithm == l.algorithm && eaglesong.Suits(w)
}

func (l *midstateLanes) setWork(w *hash.Work) { l.search.SetWork(w) }

func (l *midstateLanes) batch() uint64 { return l.search.Batch() }

func (l *midstateLanes) try(start, n uint64, hits []hash.Hit) ([]hash.Hit, error) {
	return l.search.Try(start, n, hits), nil
}

func (l *midstateLanes) close() error { return nil }
