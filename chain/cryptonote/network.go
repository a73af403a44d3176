package cryptonote

// Network is a coin's chain as its addresses show it: the number that stands
// at the front of each kind of address. A kind that a coin lacks is 0, which
// no coin uses.
type Network struct {
	Coin string // "Monero"
	Name string // "mainnet", "testnet", "stagenet"

	Standard   uint64
	Integrated uint64
	Subaddress uint64
}

// String returns coin and name, such as "Monero testnet".
func (n Network) String() string { return n.Coin + " " + n.Name }

// MoneroMainnet is where moneroj are worth money. Its addresses begin with 4
// (standard and integrated) and 8 (subaddresses). A regtest node uses it too.
func MoneroMainnet() Network { return Network{"Monero", "mainnet", 18, 19, 42} }

// MoneroTestnet is for developers of Monero. Its addresses begin with 9, A
// and B.
func MoneroTestnet() Network { return Network{"Monero", "testnet", 53, 54, 63} }

// MoneroStagenet is for developers of applications. Its addresses begin with
// 5 and 7.
func MoneroStagenet() Network { return Network{"Monero", "stagenet", 24, 25, 36} }

// Networks returns the networks known by name. Other coins need only a
// Network of their own.
func Networks() []Network {
	return []Network{
		MoneroMainnet(), MoneroTestnet(), MoneroStagenet(),
		{"Masari", "mainnet", 28, 29, 52},
		{Coin: "TurtleCoin", Name: "mainnet", Standard: 0x3bbb1d},
	}
}

// kind returns the kind of address that prefix stands for in n.
func (n Network) kind(prefix uint64) (AddressKind, bool) {
	if prefix == 0 {
		return 0, false
	}
	switch prefix {
	case n.Standard:
		return StandardAddress, true
	case n.Integrated:
		return IntegratedAddress, true
	case n.Subaddress:
		return Subaddress, true
	}
	return 0, false
}
