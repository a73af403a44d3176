package main

import (
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/config"
)

// reloader reads a running pool's configuration again.
type reloader struct {
	pool  *pool.Pool
	file  string
	level *slog.LevelVar
	log   *slog.Logger
}

// reload puts in force what can change. Mistakes are logged, one a line, and
// change nothing.
func (r *reloader) reload() {
	cfg, err := config.Load(r.file)
	var waiting []string
	if err == nil {
		waiting, err = r.pool.Reload(cfg)
	}
	if err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			r.log.Error("the configuration was not reloaded", "mistake", line)
		}
		return
	}
	if len(waiting) > 0 {
		r.log.Warn("the changes of these wait for the next start: " + strings.Join(waiting, ", "))
	}
	r.log.Info("the configuration has been reloaded", "file", r.file)
	r.level.Set(logLevel(cfg.Log))
}

// reloadOnHangup reloads at each SIGHUP until the function that it returns is
// called, which waits for a reload in progress.
func reloadOnHangup(r *reloader) (stop func()) {
	hangup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangup, syscall.SIGHUP)
	var running sync.WaitGroup
	running.Go(func() {
		for {
			select {
			case <-hangup:
				r.reload()
			case <-done:
				return
			}
		}
	})
	return func() {
		signal.Stop(hangup)
		close(done)
		running.Wait()
	}
}
