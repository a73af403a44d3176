package config

import _ "embed"

//go:embed sample.toml
var sample string

// Sample returns the commented configuration that a new pool starts from. It
// checks cleanly once the wallet address is filled in.
func Sample() string { return sample }
