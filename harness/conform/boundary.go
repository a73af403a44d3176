package conform

import (
	"fmt"
	"strings"
)

// robNode03: a change of the network's difficulty at one height.
func robNode03(e *Env) error {
	m, err := e.mine()
	if err != nil {
		return err
	}
	if err := m.onTip("the login"); err != nil {
		return unmet(err)
	}
	was := e.node.Difficulty()
	t, err := m.task()
	if err != nil {
		return err
	}
	low := max(2, t.difficulty)
	if err := e.node.SetDifficulty(low); err != nil {
		return skipf("the node's difficulty cannot be changed: %v", err)
	}
	defer func() {
		_ = e.node.SetDifficulty(was) // it could a moment ago
		_ = m.newBlock()              // no job of the low difficulty is left to others
	}()
	if err := m.newBlock(); err != nil {
		return err
	}
	if err := m.afterRise(low); err != nil {
		return err
	}
	return m.afterFall(low)
}

// newBlock lets the node find a block and waits for the work on it.
func (m *miner) newBlock() error {
	if err := m.env.node.Mine(1); err != nil {
		return err
	}
	return unmet(m.onTip("a new block"))
}

// afterRise: what was a block at the height before is none at this one.
func (m *miner) afterRise(low uint64) error {
	e := m.env
	if err := e.node.SetDifficulty(low << 24); err != nil {
		return err
	}
	if err := m.newBlock(); err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	old := *t.work
	old.target = hardest(t.target, low)
	found, err := e.valid(&old)
	if err != nil {
		return err
	}
	taken, refusedBefore := e.node.Handed()
	m.hand(t, &found)
	e.pause(e.quiet())
	if now, r := e.node.Handed(); now != taken || r != refusedBefore {
		return failed(fmt.Sprintf("the node was handed a block that met difficulty %d, when its own was %d", low, low<<24),
			"the new difficulty holds from its height on")
	}
	return nil
}

// afterFall: what was no block at the height before is one at this one.
func (m *miner) afterFall(low uint64) error {
	e := m.env
	if err := e.node.SetDifficulty(low); err != nil {
		return err
	}
	if err := m.newBlock(); err != nil {
		return err
	}
	t, err := m.task()
	if err != nil {
		return err
	}
	block := *t.work
	block.difficulty = max(t.difficulty, low)
	block.target = hardest(t.target, low)
	found, err := e.valid(&block)
	if err != nil {
		return err
	}
	return e.solves(func() Answer { return m.hand(t, &found) })
}

// cnSub24: a block that the node refuses.
func cnSub24(e *Env) error {
	refuser, ok := e.node.Node.(Refuser)
	if !ok {
		return skipf("the node cannot be made to refuse blocks")
	}
	m, err := e.mine()
	if err != nil {
		return err
	}
	if err := m.onTip("the login"); err != nil {
		return unmet(err)
	}
	was := e.node.Difficulty()
	t, err := m.task()
	if err != nil {
		return err
	}
	low := max(2, t.difficulty)
	if err := e.node.SetDifficulty(low); err != nil {
		return skipf("the node's difficulty cannot be changed: %v", err)
	}
	refuser.RefuseBlocks(true)
	defer func() {
		refuser.RefuseBlocks(false)
		_ = e.node.SetDifficulty(was) // it could a moment ago
		_ = m.newBlock()              // no job of the low difficulty is left to others
	}()
	if err := m.newBlock(); err != nil {
		return err
	}
	return m.refusedBlock(low)
}

// refusedBlock submits a block and looks at the answer, the credit and the log.
func (m *miner) refusedBlock(low uint64) error {
	e := m.env
	before, err := e.read()
	if err != nil {
		return err
	}
	said, _ := e.operatorLog()
	t, err := m.task()
	if err != nil {
		return err
	}
	block := *t.work
	block.difficulty, block.target = max(t.difficulty, low), hardest(t.target, low)
	found, err := e.valid(&block)
	if err != nil {
		return err
	}
	_, refusedBefore := e.node.Handed()
	a := m.hand(t, &found)
	e.pause(e.quiet())
	if _, now := e.node.Handed(); now == refusedBefore {
		return inconclusivef("the node was handed no block that it could refuse")
	}
	if err := e.heard(said); err != nil {
		return err
	}
	if a.Outcome == Accepted {
		return e.credited(before, 1, float64(t.difficulty))
	}
	e.note("the pool refuses the share too: " + a.String())
	return e.credited(before, 0, 0)
}

// heard fails when the log has said nothing of a block since.
func (e *Env) heard(since string) error {
	text, ok := e.operatorLog()
	if !ok {
		e.note("whether the operator hears of it was not looked at: there is no log to read")
		return nil
	}
	// A log of which the end is kept begins later each time.
	end := since[max(0, len(since)-200):]
	if at := strings.LastIndex(text, end); at >= 0 {
		text = text[at+len(end):]
	}
	if !strings.Contains(strings.ToLower(text), "block") {
		return failed("nothing of a block in the log", "the operator hears of it")
	}
	return nil
}

// operatorLog is what the pool has logged, where that can be read.
func (e *Env) operatorLog() (string, bool) {
	if e.cfg.Operator == nil {
		return "", false
	}
	shown, err := e.cfg.Operator.Shown(e.ctx)
	if err != nil {
		return "", false
	}
	for _, s := range shown {
		if s.Name == LogName {
			return s.Text, true
		}
	}
	return "", false
}
