// The main loop of cn/gpu, for many nonces at once. Its pads are filled and
// drained by cnpads.cl; beside what cryptonight.clh lists, the host says:
//
//	CN_ITERATIONS  turns of the loop
//	CN_MASK        of addresses in the pad: those of whole lines
//
// A turn makes sixteen vectors of four floats from a line, a few thousand
// operations that wait for nobody, and then adds them up, which takes hardly
// any. So each nonce has sixteen work-items, one a vector, whose four floats
// are independent of each other and keep an item's pipeline full: the more
// items to a nonce, the fewer pads of 2 MiB fill a device. An item also owns
// one of the line's sixteen words. It alone ever reads and writes the words at
// that place of all lines, so that the pad needs no fences and every access of
// a nonce is 64 bytes in a row. What items tell each other goes through local
// memory, 704 bytes a nonce, with three barriers a turn.
//
// Every operation must be rounded to nearest by itself, as IEEE 754 says, or
// the hash is wrong. OpenCL promises that for sums, products and conversions,
// if they are not contracted; for quotients it does not, so adit_divide makes
// them. In PTX the compiler gives each operation ".rn", which forbids the
// driver to fuse them. Nothing becomes infinite, nor so small that devices
// without denormal numbers would differ, except by lines of almost only zeros.

#include "cryptonight.clh"

#pragma OPENCL FP_CONTRACT OFF

// CNG_LANES items work on a nonce. CNG_GROUP is the size of groups: few enough
// for a barrier not to hold up many, and whole for devices that run up to 64
// items in step.
#define CNG_LANES 16
#define CNG_GROUP 64

// cng_inputs are the blocks that each item's vector is made of, in the four
// bytes of a number from the lowest on; cng_starts what its constant begins
// with.
__constant uint cng_inputs[CNG_LANES] = {
	0x03020100, 0x01030200, 0x02010300, 0x01020300, 0x03020001, 0x00030201, 0x02000301, 0x00020301,
	0x03000102, 0x01030002, 0x00010302, 0x01000302, 0x00020103, 0x01000203, 0x02010003, 0x01020003,
};
__constant float cng_starts[CNG_LANES] = {
	1.34375f, 1.28125f, 1.359375f, 1.3671875f, 1.4296875f, 1.3984375f, 1.3828125f, 1.3046875f,
	1.4140625f, 1.2734375f, 1.2578125f, 1.2890625f, 1.3203125f, 1.3515625f, 1.3359375f, 1.4609375f,
};

#ifdef ADIT_DIVIDE
static inline float adit_divide(float n, float d) { return ADIT_DIVIDE(n, d); }
#else
// adit_divide is n/d rounded correctly, for a divisor of 2 or more in size.
// A device's own quotient may be wrong by 2.5 units in the last place. With the
// reciprocal and an exact remainder that becomes one of the two numbers next to
// the true quotient; that with the smaller remainder is the nearer. There are
// no ties: what is halfway between two floats needs a bit more than they have,
// and so does its product with any float, which n would have to be.
static inline float adit_divide(float n, float d)
{
	d *= 0.0625f; // the reciprocal of the greatest is not denormal then
	float reciprocal = 1.0f / d;
	float q = n * reciprocal;
	q = fma(fma(-q, d, n), reciprocal, q);
	float rest = fma(-q, d, n);
	// Bits of floats count up with their size, towards or away from zero.
	int up = (as_int(rest) ^ as_int(d) ^ as_int(q)) >= 0 ? 1 : -1;
	float next = rest == 0.0f ? q : as_float(as_int(q) + up);
	float other = fma(-next, d, n);
	return (fabs(other) < fabs(rest) ? next : q) * 0.0625f;
}
#endif

// cng_bits sets and clears bits of four floats.
static inline float4 cng_bits(float4 f, uint keep, uint set) { return as_float4((as_uint4(f) & keep) | set); }

// cng_clamp gives floats the exponent of 2, and keeps sign and fraction.
static inline float4 cng_clamp(float4 f) { return cng_bits(f, 0x807fffffu, 0x40000000u); }

// cng_fix sets the two lowest bits of the exponent to 01.
static inline float4 cng_fix(float4 f) { return cng_bits(f, 0xfeffffffu, 0x00800000u); }

// cng_step adds to a numerator and a denominator, and changes the constant that
// the next step begins with.
static inline void cng_step(float4 n0, float4 n1, float4 n2, float4 n3, float4 feedback,
	float4 *n, float4 *d, float4 *begin)
{
	float4 c = *begin;
	float4 x = n0 * c;
	x = cng_fix((n1 + c) * (x * x));
	float4 y = n2 * c;
	y = cng_fix((n3 - c) * (y * y));
	*n += x;
	*d += y;
	c = c + feedback;
	c = c + 0.734375f;
	*begin = c + cng_clamp(x + y);
}

// cng_vector makes an item's vector from four blocks of the line.
static inline float4 cng_vector(float4 n0, float4 n1, float4 n2, float4 n3, float start, float4 feedback)
{
	float4 c = start, sum = 0.0f;
#pragma unroll 1
	for (int i = 0; i < 4; i++) {
		float4 n = 0.0f, d = 0.0f;
		cng_step(n0, n1, n2, n3, feedback, &n, &d, &c);
		cng_step(n1, n2, n3, n0, feedback, &n, &d, &c);
		cng_step(n2, n3, n0, n1, feedback, &n, &d, &c);
		cng_step(n3, n0, n1, n2, feedback, &n, &d, &c);
		cng_step(n3, n2, n1, n0, feedback, &n, &d, &c);
		cng_step(n2, n1, n0, n3, feedback, &n, &d, &c);
		cng_step(n1, n0, n3, n2, feedback, &n, &d, &c);
		cng_step(n0, n3, n2, n1, feedback, &n, &d, &c);
		// At least 2 in size, and not infinite.
		d = cng_bits(d, 0xff7fffffu, 0x40000000u);
		sum += (float4)(adit_divide(n.s0, d.s0), adit_divide(n.s1, d.s1),
			adit_divide(n.s2, d.s2), adit_divide(n.s3, d.s3));
	}
	return cng_clamp(sum);
}

// cng_whole are floats, which are whole numbers, as integers.
static inline uint4 cng_whole(float4 f)
{
	return (uint4)((uint)(int)f.s0, (uint)(int)f.s1, (uint)(int)f.s2, (uint)(int)f.s3);
}

// cng_turn rotates 128 bits to the right by n bits, fewer than 32.
static inline uint4 cng_turn(uint4 x, uint n)
{
	return (uint4)((uint)((x.s0 | (ulong)x.s1 << 32) >> n), (uint)((x.s1 | (ulong)x.s2 << 32) >> n),
		(uint)((x.s2 | (ulong)x.s3 << 32) >> n), (uint)((x.s3 | (ulong)x.s0 << 32) >> n));
}

// cn_loop is the main loop, CNG_LANES items a nonce.
__kernel __attribute__((reqd_work_group_size(CNG_GROUP, 1, 1)))
void cn_loop(__global const ulong *states, __global uint *pads)
{
	// The line, and what the four vectors of each block come to: a word, or a
	// float, an item.
	__local float4 line[CNG_GROUP / 4], sums[CNG_GROUP / 4];
	__local uint4 changes[CNG_GROUP / 4];
	// The vectors, and what they change in the line.
	__local float4 vectors[CNG_GROUP];
	__local uint4 scaled[CNG_GROUP];

	const uint at = ADIT_LOCAL_ID, lane = at % CNG_LANES;
	const uint nonce = ADIT_GLOBAL_ID / CNG_LANES;
	// The nonce's blocks, and the item's word in the vectors of its block.
	const uint blocks = at / CNG_LANES * 4, word = (at & ~3u) * 4 + (at & 3);
	const uint inputs = cng_inputs[lane];
	const float start = cng_starts[lane];
	__global uint *pad = pads + (size_t)nonce * (CN_PAD / 4) + lane;
	uint address = (uint)states[nonce * CN_STATE] >> 8;
	float4 feedback = 0.0f;
#pragma unroll 1
	for (uint turn = 0; turn < CN_ITERATIONS; turn++) {
		__global uint *own = pad + (address & CN_MASK) / 4;
		const uint old = *own;
		((__local float *)line)[at] = (float)(int)old;
		ADIT_BARRIER();

		float4 v = cng_vector(line[blocks + (inputs & 3)], line[blocks + (inputs >> 8 & 3)],
			line[blocks + (inputs >> 16 & 3)], line[blocks + (inputs >> 24)], start, feedback);
		vectors[at] = v;
		scaled[at] = cng_turn(cng_whole(v * 536870880.0f), (lane & 3) * 8);
		ADIT_BARRIER();

		const __local uint *s = (const __local uint *)scaled + word;
		const __local float *f = (const __local float *)vectors + word;
		const uint change = s[0] ^ s[4] ^ s[8] ^ s[12];
		*own = old ^ change;
		((__local uint *)changes)[at] = change;
		((__local float *)sums)[at] = (f[0] + f[4]) + (f[8] + f[12]);
		ADIT_BARRIER();

		float4 total = (sums[blocks] + sums[blocks + 1]) + (sums[blocks + 2] + sums[blocks + 3]);
		total = cng_bits(total, 0x7fffffffu, 0);
		uint4 all = changes[blocks] ^ changes[blocks + 1] ^ changes[blocks + 2] ^ changes[blocks + 3];
		all ^= cng_whole(total * 16777216.0f);
		feedback = total * 0.015625f; // exactly a 64th
		address = all.s0 ^ all.s1 ^ all.s2 ^ all.s3;
	}
}
