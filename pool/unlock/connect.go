package unlock

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aditmine/adit/chain/ckb/ckbrpc"
	"github.com/aditmine/adit/chain/cryptonote/monerod"
	"github.com/aditmine/adit/pool/config"
)

// Connect makes the chain of a configured coin. It connects with the first
// call.
func Connect(cfg config.Coin) (Chain, error) {
	if cfg.Kind == config.CKB {
		client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute}}
		return NewNervos(ckbrpc.New(ckbrpc.Config{URL: cfg.Node, HTTP: client}), client.CloseIdleConnections), nil
	}
	node, err := monerod.New(monerod.Config{URL: cfg.Node, User: cfg.User, Password: cfg.Password})
	if err != nil {
		return nil, fmt.Errorf("coin %s: %w", cfg.Name, err)
	}
	return NewCryptoNote(node), nil
}
