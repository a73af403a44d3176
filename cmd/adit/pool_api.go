package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/aditmine/adit/pool"
	"github.com/aditmine/adit/pool/api"
	"github.com/aditmine/adit/pool/cluster"
	"github.com/aditmine/adit/pool/config"
	"github.com/aditmine/adit/pool/ledger"
	"github.com/aditmine/adit/pool/metrics"
)

// servedPool is a pool with its API, where one is configured.
type servedPool struct {
	*pool.Pool
	cfg     config.Config
	log     *slog.Logger
	roles   cluster.Roles
	figures *metrics.Collector // nil: no API
}

// newServedPool makes a pool that tells its API what happens.
func newServedPool(cfg config.Config, deps pool.Deps) (*servedPool, error) {
	s := &servedPool{cfg: cfg, log: deps.Log, roles: deps.Roles}
	if cfg.API.Listen != "" && deps.Roles.Has(cluster.API) {
		s.figures = metrics.New(0, time.Now)
		deps.Observe = s.figures.Observe
	}
	var err error
	s.Pool, err = pool.New(cfg, deps)
	return s, err
}

// run runs both until ctx ends, an administrator ends the pool, or one of them
// fails.
func (s *servedPool) run(ctx context.Context) error {
	if s.figures == nil {
		return s.Run(ctx)
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	server, err := api.New(s.cfg, api.Deps{
		Pool: s.Pool, Figures: s.figures, Drain: end, Log: s.log, Version: version, Elsewhere: !s.roles.Has(cluster.Stratum),
		OpenReader: func(ctx context.Context) (ledger.Reader, error) {
			return ledger.OpenReader(ctx, s.cfg.Ledger.Address())
		},
	})
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	var serveErr error
	serving.Go(func() {
		defer end()
		serveErr = server.Run(ctx)
	})
	err = s.Run(ctx)
	end()
	serving.Wait()
	return errors.Join(err, serveErr)
}
