// CryptoNight's main loop, all variants, for many nonces at once. Beside what
// cryptonight.clh lists, the host says of the algorithm:
//
//	CN_ITERATIONS  turns of the loop
//	CN_UNROLL      how many of them the compiler writes out at once
//	CN_MASK        of addresses in the pad, AddressMask of the registry
//	CN_BASE        0, 1, 2, or 3 for cn/r, whose program is ADIT_PROGRAM
//	CN_TUBE, CN_INVERT, CN_FOLD_LOW, CN_REVERSE, CN_CONCEAL
//	               1 for a variant with that peculiarity, otherwise 0

#include "cryptonight.clh"

static inline ulong cn_low(uint4 x) { return x.s0 | (ulong)x.s1 << 32; }
static inline ulong cn_high(uint4 x) { return x.s2 | (ulong)x.s3 << 32; }

// cn_add adds the halves of two blocks, each by itself.
static inline uint4 cn_add(uint4 x, uint4 y) { return cn_join(cn_low(x) + cn_low(y), cn_high(x) + cn_high(y)); }

// CN_INDEX is the block that an address means.
#define CN_INDEX(address) (((address) & CN_MASK) >> 4)

#if CN_BASE == 1 || CN_TUBE
// cn_tweak changes bits 4 and 5 of byte 11 by a table of 2-bit entries.
static inline uint4 cn_tweak(uint4 x)
{
	uint v = x.s2 >> 24;
	uint entry = (v >> 3 & 6) | (v & 1);
	x.s2 ^= (0x7531u >> (2 * entry) & 3) << 28;
	return x;
}
#endif

#if CN_TUBE
// cn_tube is a round on the complement of a block, in which each column, once
// computed, is added to the one it took the place of.
static inline uint4 cn_tube(const __local uint *t, uint4 x, uint4 key)
{
	x = ~x;
	key.s0 ^= ADIT_COLUMN(t, x.s0, x.s1, x.s2, x.s3);
	x.s0 ^= key.s0;
	key.s1 ^= ADIT_COLUMN(t, x.s1, x.s2, x.s3, x.s0);
	x.s1 ^= key.s1;
	key.s2 ^= ADIT_COLUMN(t, x.s2, x.s3, x.s0, x.s1);
	x.s2 ^= key.s2;
	key.s3 ^= ADIT_COLUMN(t, x.s3, x.s0, x.s1, x.s2);
	return key;
}
#endif

#if CN_CONCEAL
#pragma OPENCL FP_CONTRACT OFF

static inline float cn_clamp(float f) { return as_float((as_uint(f) & 0x807fffffu) | 0x40000000u); }

static inline uint cn_mix_float(float *sum, uint x)
{
	float old = *sum;
	float r = (float)(int)x + old;
	float square = r * r;
	r = r * square;
	*sum = old + cn_clamp(r);
	return x ^ (uint)(int)(cn_clamp(old) * 536870880.0f);
}
#endif

#if CN_BASE == 2
// cn_divide gives the low 32 bits of the quotient, and above them the
// remainder, of a block's high half and a divisor of 32 bits.
static inline ulong cn_divide(ulong lo, ulong hi, ulong root)
{
	uint divisor = (uint)(lo + (root << 1)) | 0x80000001u;
	ulong quotient = hi / divisor;
	return (quotient & 0xffffffffUL) | (hi - quotient * divisor) << 32;
}

// cn_too_big reports whether (r + 2^33)^2 > 4*(2^64 + n).
static inline int cn_too_big(ulong r, ulong n)
{
	ulong half_root = r >> 1, b = r & 1;
	ulong sum = half_root * (half_root + b) + b;
	ulong all = sum + (r << 32);
	return all < sum || all > n;
}

// cn_root is floor(2*sqrt(2^64+n)) - 2^33. The estimate is made in single
// precision, which every device has, and brought in by two steps of Newton's
// method; the end is exact.
static inline ulong cn_root(ulong n)
{
	// With r = 2^33 * (sqrt(1 + n/2^64) - 1): r*(r/2^34 + 1) = n/2^32.
	float x = (float)n * 5.421010862427522e-20f; // 2^-64
	float estimate = x / (ADIT_SQRT(1.0f + x) + 1.0f);
	ulong r = (ulong)(estimate * 8589934592.0f);
	for (int i = 0; i < 2; i++) {
		// The square of r + 2^33 is 2^66 + r*2^34 + r*r: what is missing to 4n.
		long error = (long)(n - (r << 32) - (r >> 1) * ((r >> 1) + (r & 1)));
		r += (long)((float)error / ((float)(r + 8589934592UL) * 0.5f));
	}
	while (cn_too_big(r, n))
		r--;
	while (!cn_too_big(r + 1, n))
		r++;
	return r;
}
#endif

#if CN_BASE >= 2
// cn_shuffle moves the three other blocks of a line, and adds a register to
// each.
static inline void cn_shuffle(__global uint4 *pad, uint i, uint4 a, uint4 b0, uint4 b1)
{
#if CN_REVERSE
	uint4 third = pad[i ^ 1], second = pad[i ^ 2], first = pad[i ^ 3];
#else
	uint4 first = pad[i ^ 1], second = pad[i ^ 2], third = pad[i ^ 3];
#endif
	pad[i ^ 1] = cn_add(third, b1);
	pad[i ^ 2] = cn_add(first, b0);
	pad[i ^ 3] = cn_add(second, a);
}
#endif

// cn_loop is the main loop, one item a nonce.
__kernel void cn_loop(__global const ulong *states, __global uint4 *pads, uint group)
{
	__local uint table[256];
	adit_aes_load(table, group);
	uint item = ADIT_GLOBAL_ID;
	__global const ulong *state = states + item * CN_STATE;
	__global uint4 *pad = pads + (size_t)item * CN_BLOCKS;
	uint4 a = cn_block(state, 0) ^ cn_block(state, 2);
	uint4 b = cn_block(state, 1) ^ cn_block(state, 3);
#if CN_BASE == 1 || CN_TUBE
	const ulong tweak = state[CN_TWEAK];
#endif
#if CN_BASE >= 2
	uint4 b1 = cn_block(state, 4) ^ cn_block(state, 5);
#endif
#if CN_BASE == 2
	ulong quotient = state[12], root = state[13];
#endif
#if CN_BASE == 3
	uint r0 = (uint)state[12], r1 = (uint)(state[12] >> 32), r2 = (uint)state[13], r3 = (uint)(state[13] >> 32);
#endif
#if CN_CONCEAL
	float f0 = 0, f1 = 0, f2 = 0, f3 = 0;
#endif
	uint address = a.s0;
#pragma unroll CN_UNROLL
	for (uint turn = 0; turn < CN_ITERATIONS; turn++) {
		uint i = CN_INDEX(address);
		uint4 x = pad[i];
#if CN_CONCEAL
		x = (uint4)(cn_mix_float(&f0, x.s0), cn_mix_float(&f1, x.s1), cn_mix_float(&f2, x.s2), cn_mix_float(&f3, x.s3));
#endif
#if CN_TUBE
		uint4 c = cn_tube(table, x, a);
#else
		uint4 c = adit_aes_round(table, x, a);
#endif
#if CN_BASE == 3
		c ^= pad[i ^ 1] ^ pad[i ^ 2] ^ pad[i ^ 3];
#endif
#if CN_BASE >= 2
		cn_shuffle(pad, i, a, b, b1);
#endif
#if CN_BASE == 1 || CN_TUBE
		pad[i] = cn_tweak(b ^ c);
#else
		pad[i] = b ^ c;
#endif

		i = CN_INDEX(c.s0);
		uint4 d = pad[i];
#if CN_BASE == 2
		d ^= cn_join(quotient ^ root << 32, 0);
		quotient = cn_divide(cn_low(c), cn_high(c), root);
		root = cn_root(cn_low(c) + quotient);
#endif
#if CN_BASE == 3
		d.s0 ^= r0 + r1;
		d.s1 ^= r2 + r3;
		uint r4 = a.s0, r5 = a.s2, r6 = b.s0, r7 = b1.s0, r8 = b1.s2;
		ADIT_PROGRAM(r0, r1, r2, r3, r4, r5, r6, r7, r8)
		uint4 base = a ^ (uint4)(r2, r3, r0, r1);
#else
		uint4 base = a;
#endif
		ulong hi = ADIT_MUL_HI(cn_low(c), cn_low(d)), lo = cn_low(c) * cn_low(d);
#if CN_BASE == 3
		c ^= pad[i ^ 1] ^ pad[i ^ 2] ^ pad[i ^ 3];
		cn_shuffle(pad, i, a, b, b1);
#endif
#if CN_BASE == 2
		pad[i ^ 1] ^= cn_join(hi, lo);
		uint4 second = pad[i ^ 2];
		hi ^= cn_low(second);
		lo ^= cn_high(second);
		cn_shuffle(pad, i, a, b, b1);
#endif
		a = cn_add(base, cn_join(hi, lo));
		uint4 stored = a;
#if CN_BASE == 1 || CN_TUBE
		ulong high = cn_high(a) ^ tweak;
#if CN_FOLD_LOW || CN_TUBE
		high ^= cn_low(a);
#endif
		stored = cn_join(cn_low(a), high);
#endif
		pad[i] = stored;
		a ^= d;
#if CN_BASE >= 2
		b1 = b;
#endif
		b = c;
		address = a.s0;
#if CN_HEAVY
		i = CN_INDEX(address);
		x = pad[i];
		long n = (long)cn_low(x);
		int divisor = (int)x.s2;
		// The least number by -1 has no quotient; processors trap it.
		long q = (divisor | 5) == -1 ? (long)(0 - (ulong)n) : n / (long)(divisor | 5);
		pad[i] = cn_join((ulong)(n ^ q), cn_high(x));
#if CN_INVERT
		divisor = ~divisor;
#endif
		address = (uint)(divisor ^ q);
#endif
	}
}
