package coin

import (
	"fmt"

	"github.com/aditmine/adit/hash"
	"github.com/aditmine/adit/pool/config"
)

// New makes the coin that a configuration describes, whose configuration has
// been checked. It connects with the first call.
func New(cfg config.Coin) (Coin, error) {
	algorithm, err := hash.Lookup(cfg.Algorithm)
	if err != nil {
		return nil, fmt.Errorf("coin %s: %w", cfg.Name, err)
	}
	switch cfg.Kind {
	case config.CryptoNote:
		return newCryptoNote(cfg, algorithm)
	case config.CKB:
		return newNervos(cfg, algorithm)
	}
	return nil, fmt.Errorf("coin %s: kind %q is not known", cfg.Name, cfg.Kind)
}
