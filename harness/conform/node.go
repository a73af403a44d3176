package conform

// Node is the node behind the pool under test, steered by the suite.
type Node interface {
	// Height is that of the node's tip.
	Height() uint64
	// Mine lets the node find blocks by itself.
	Mine(count int) error
	// Reorg replaces the last blocks of the chain by more of its own.
	Reorg(depth int) error
	// FailNext lets the next calls of the pool fail.
	FailNext(count int)
	// Recover ends what FailNext began.
	Recover()
	// Handed counts the blocks that came from outside: those taken and those
	// refused.
	Handed() (taken, refused int)
	// Difficulty is the expected number of hashes of the next block.
	Difficulty() uint64
	// SetDifficulty changes it, where the node can; the error says that it
	// cannot.
	SetDifficulty(uint64) error
}

// Renewer is a node that can be made to change its template without a new block,
// as new transactions do.
type Renewer interface{ Renew() }

// Refuser is a node that can be made to refuse every block that comes from
// outside, as one does that knows better.
type Refuser interface{ RefuseBlocks(bool) }

// steered is a node in the hands of one check. It counts what the check has
// asked for, so that other blocks can be told from those.
type steered struct {
	Node
	height uint64 // that the node should have
	moves  int    // tips that the check has asked for
	expect int    // blocks that the check hands in itself
}

func newSteered(n Node) *steered { return &steered{Node: n, height: n.Height()} }

// Mine lets the node find blocks by itself.
func (s *steered) Mine(count int) error {
	return s.move(count, func() error { return s.Node.Mine(count) })
}

// Reorg replaces the last blocks of the chain.
func (s *steered) Reorg(depth int) error {
	return s.move(depth+1, func() error { return s.Node.Reorg(depth) })
}

func (s *steered) move(tips int, do func() error) error {
	stray := s.strayed()
	err := do()
	s.moves += tips
	if !stray {
		s.height = s.Node.Height()
	}
	return err
}

// handsIn announces that the check is about to hand in a block of its own.
func (s *steered) handsIn() {
	s.moves++
	s.expect++
}

// strayed reports whether the chain has grown by more than was asked for.
func (s *steered) strayed() bool {
	h := s.Node.Height()
	return h != s.height && h != s.height+uint64(s.expect)
}

// tips are the parents of the jobs that a check has seen.
type tips map[string]bool

// see takes what a message says of the tip, if anything.
func (t tips) see(m *Message) {
	job := m.Fields["params"]
	switch m.Method() {
	case "mining.notify":
		if p := list(job); len(p) > 3 {
			t.add(text(p[3]))
		}
		return
	case "":
		job = object(m.Fields["result"])["job"]
	}
	if blob := text(object(job)["blob"]); len(blob) >= 78 {
		t.add(blob[14:78]) // behind versions and time
	}
}

// maxTips is how many tips are remembered, and maxTip how long one may be: no
// check asks for so many, and a pool may say anything.
const (
	maxTips = 1024
	maxTip  = 128
)

func (t tips) add(tip string) {
	if len(t) < maxTips && len(tip) <= maxTip {
		t[tip] = true
	}
}
