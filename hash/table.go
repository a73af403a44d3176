package hash

const (
	kiB = 1 << 10
	miB = 1 << 20
)

// table lists every algorithm once, in the order in which help texts,
// benchmarks and pools show them. Names and aliases are those that XMRig
// understands, because those are what miners and pools send.
var table = [...]Algorithm{
	cryptoNight("cn/0", 2*miB, 1<<19, "cn", "cryptonight", "cryptonight/0"),
	cryptoNight("cn/1", 2*miB, 1<<19,
		"cryptonight/1", "cryptonight-monerov7", "cryptonight_v7").tweaked(),
	cryptoNight("cn/2", 2*miB, 1<<19,
		"cryptonight/2", "cryptonight-monerov8", "cryptonight_v8"),
	cryptoNight("cn/r", 2*miB, 1<<19, "cryptonight/r", "cryptonight_r").perHeight(),
	cryptoNight("cn/fast", 2*miB, 1<<18,
		"cn/msr", "cryptonight/fast", "cryptonight/msr").tweaked(),
	cryptoNight("cn/half", 2*miB, 1<<18, "cryptonight/half"),
	cryptoNight("cn/xao", 2*miB, 1<<20, "cryptonight/xao", "cryptonight_alloy"),
	cryptoNight("cn/rto", 2*miB, 1<<19, "cryptonight/rto").tweaked(),
	cryptoNight("cn/rwz", 2*miB, 3<<17, "cryptonight/rwz"),
	cryptoNight("cn/zls", 2*miB, 3<<17, "cryptonight/zls"),
	cryptoNight("cn/double", 2*miB, 1<<20, "cryptonight/double"),
	cryptoNight("cn/ccx", 2*miB, 1<<18,
		"cn/conceal", "cryptonight/ccx", "cryptonight/conceal"),
	cryptoNight("cn/gpu", 2*miB, 0xC000,
		"cn-gpu", "cryptonight/gpu", "cryptonight-gpu", "cryptonight_gpu").byLine(),
	cryptoNight("cn-lite/0", 1*miB, 1<<18,
		"cn-lite", "cn-light", "cryptonight-lite/0", "cryptonight-lite",
		"cryptonight-light", "cryptonight_lite"),
	cryptoNight("cn-lite/1", 1*miB, 1<<18,
		"cryptonight-lite/1", "cryptonight-aeonv7", "cryptonight-lite-aeonv7",
		"cryptonight_lite_v7").tweaked(),
	cryptoNight("cn-heavy/0", 4*miB, 1<<18,
		"cn-heavy", "cryptonight-heavy/0", "cryptonight-heavy", "cryptonight_heavy"),
	cryptoNight("cn-heavy/tube", 4*miB, 1<<18,
		"cryptonight-heavy/tube", "cryptonight-bittube2").tweaked(),
	cryptoNight("cn-heavy/xhv", 4*miB, 1<<18,
		"cryptonight-heavy/xhv", "cryptonight_haven"),
	cryptoNight("cn-pico", 256*kiB, 1<<16,
		"cn-pico/0", "cn-pico/trtl", "cn-trtl", "cn-ultralite", "cn_turtle",
		"cryptonight-pico", "cryptonight-pico/0", "cryptonight-pico/trtl",
		"cryptonight-turtle", "cryptonight-ultralite", "cryptonight_turtle").masked(128 * kiB),
	cryptoNight("cn-pico/tlo", 256*kiB, 1<<16,
		"cn/ultra", "cn-talleo", "cn_talleo", "cryptonight-pico/tlo",
		"cryptonight/ultra", "cryptonight-ultra", "cryptonight-talleo",
		"cryptonight_talleo"),
	cryptoNight("cn/upx2", 128*kiB, 1<<14,
		"cn-extremelite/upx2", "cryptonight/upx2", "cryptonight-upx/2"),
	{
		Name: "eaglesong", Family: Eaglesong, Iterations: 43,
		// pow_hash (32 bytes), then the header's nonce.
		NonceOffset: 32, NonceSize: 16, BigEndian: true,
	},
}

// cryptoNight fills in what all of the family shares: an address mask over the
// whole pad, and the place of the 4-byte nonce in a hashing blob.
func cryptoNight(name string, pad, iterations int, aliases ...string) Algorithm {
	return Algorithm{
		Name: name, Aliases: aliases, Family: CryptoNight,
		Scratchpad: pad, Iterations: iterations, AddressMask: uint32(pad - 16),
		NonceOffset: 39, NonceSize: 4,
	}
}

// tweaked marks base 1, which reads 8 bytes of the message from offset 35.
func (a Algorithm) tweaked() Algorithm {
	a.MinInput = 43
	return a
}

func (a Algorithm) perHeight() Algorithm {
	a.NeedsHeight = true
	return a
}

// byLine makes addresses those of whole lines, 64 bytes.
func (a Algorithm) byLine() Algorithm {
	a.AddressMask = uint32(a.Scratchpad - 64)
	return a
}

// masked limits the main loop to the first size bytes of the pad.
func (a Algorithm) masked(size uint32) Algorithm {
	a.AddressMask = size - 16
	return a
}
