// What surrounds CryptoNight's main loop, for many nonces at once: cn_prepare,
// cn_fill; then, after cn_loop of cnloop.cl, cn_drain, cn_finish. The same for
// all algorithms whose pads have one size; see cryptonight.clh.

#include "cryptonight.clh"
#include "keccak.clh"
#if !CN_FLOAT
#include "finals.clh"
#endif

// CN_GROUP is the size of the groups that fill and drain, eight items a nonce.
#define CN_GROUP 64

// cn_prepare absorbs the message with the item's nonce. The message comes as
// rounds times 17 words, padded, with zeros where the nonce goes: bytes 39 to
// 41 or 42, which are in the first round.
__kernel void cn_prepare(__global const ulong *message, uint rounds, uint first, __global ulong *states)
{
	uint item = ADIT_GLOBAL_ID;
	uint nonce = first + item;
	ulong s[25];
	for (int i = 0; i < 25; i++)
		s[i] = 0;
	ulong word4 = message[4] ^ (ulong)nonce << 56, word5 = message[5] ^ nonce >> 8;
	for (uint r = 0; r < rounds; r++) {
		for (int i = 0; i < 17; i++)
			s[i] ^= message[r * 17 + i];
		if (r == 0) {
			s[4] = word4;
			s[5] = word5;
		}
		adit_keccak(s);
	}
	__global ulong *state = states + item * CN_STATE;
	for (int i = 0; i < 25; i++)
		state[i] = s[i];
	state[CN_TWEAK] = (word4 >> 24 | word5 << 40) ^ s[24];
}

// cn_stir adds to each of a nonce's eight blocks the one after it.
static inline uint4 cn_stir(__local uint4 *shared, uint4 x)
{
	uint at = ADIT_LOCAL_ID;
	shared[at] = x;
	ADIT_BARRIER();
	x ^= shared[(at & ~7u) | ((at + 1) & 7)];
	ADIT_BARRIER();
	return x;
}

#if CN_FLOAT
// cn_fill fills the pads of cn/gpu, eight items a nonce: every 512 bytes come
// from a copy of the state, with their number, after three permutations.
__kernel __attribute__((reqd_work_group_size(CN_GROUP, 1, 1)))
void cn_fill(__global const ulong *states, __global uint4 *pads)
{
	uint item = ADIT_GLOBAL_ID / 8, lane = ADIT_GLOBAL_ID & 7;
	__global const ulong *state = states + item * CN_STATE;
	__global uint4 *pad = pads + (size_t)item * CN_BLOCKS;
	for (uint chunk = lane; chunk < CN_PAD / 512; chunk += 8) {
		ulong s[25];
		for (int i = 0; i < 25; i++)
			s[i] = state[i];
		s[0] ^= chunk;
		__global uint4 *to = pad + chunk * 32;
#pragma unroll 1
		for (int step = 0; step < 3; step++) {
			adit_keccak(s);
			for (int i = 0; i < 10; i++)
				*to++ = cn_join(s[2 * i], s[2 * i + 1]);
			if (step > 0)
				*to++ = cn_join(s[20], s[21]);
		}
	}
}
#else
// cn_fill fills the pads, eight items a nonce.
__kernel __attribute__((reqd_work_group_size(CN_GROUP, 1, 1)))
void cn_fill(__global const ulong *states, __global uint4 *pads)
{
	__local uint table[256];
	__local uint4 shared[CN_GROUP];
	adit_aes_load(table, CN_GROUP);
	uint item = ADIT_GLOBAL_ID / 8, lane = ADIT_GLOBAL_ID & 7;
	__global const ulong *state = states + item * CN_STATE;
	__global uint4 *pad = pads + (size_t)item * CN_BLOCKS;
	uint4 keys[10];
	adit_aes_expand(table, cn_block(state, 0), cn_block(state, 1), keys);
	uint4 x = cn_block(state, 4 + lane);
#if CN_HEAVY
	for (int i = 0; i < 16; i++)
		x = cn_stir(shared, adit_aes_encrypt(table, x, keys));
#endif
	for (uint i = lane; i < CN_BLOCKS; i += 8) {
		x = adit_aes_encrypt(table, x, keys);
		pad[i] = x;
	}
}
#endif

// cn_drain adds the pads up again.
__kernel __attribute__((reqd_work_group_size(CN_GROUP, 1, 1)))
void cn_drain(__global ulong *states, __global const uint4 *pads)
{
	__local uint table[256];
	__local uint4 shared[CN_GROUP];
	adit_aes_load(table, CN_GROUP);
	uint item = ADIT_GLOBAL_ID / 8, lane = ADIT_GLOBAL_ID & 7;
	__global ulong *state = states + item * CN_STATE;
	__global const uint4 *pad = pads + (size_t)item * CN_BLOCKS;
	uint4 keys[10];
	adit_aes_expand(table, cn_block(state, 2), cn_block(state, 3), keys);
	uint4 x = cn_block(state, 4 + lane);
#if CN_HEAVY
	// Twice over the pad, and sixteen more. It is one loop since PoCL 3.1 makes
	// wrong code of two with barriers.
	for (uint i = 0; i < 2 * CN_BLOCKS / 8 + 16; i++) {
		if (i < 2 * CN_BLOCKS / 8)
			x ^= pad[(i * 8 + lane) % CN_BLOCKS];
		x = cn_stir(shared, adit_aes_encrypt(table, x, keys));
	}
#else
	for (uint i = lane; i < CN_BLOCKS; i += 8)
		x = adit_aes_encrypt(table, x ^ pad[i], keys);
#endif
	state[8 + 2 * lane] = x.s0 | (ulong)x.s1 << 32;
	state[9 + 2 * lane] = x.s2 | (ulong)x.s3 << 32;
}

// cn_finish ends each hash, writes its digest (four words), and lists those
// whose last word is at most limit. cn/gpu's digest is the state's beginning.
__kernel void cn_finish(__global const ulong *states, ulong limit, __global ulong *digests, volatile __global uint *hits)
{
	uint item = ADIT_GLOBAL_ID;
	ulong s[25], digest[4];
	for (int i = 0; i < 25; i++)
		s[i] = states[item * CN_STATE + i];
	adit_keccak(s);
#if CN_FLOAT
	for (int i = 0; i < 4; i++)
		digest[i] = s[i];
#else
	switch (s[0] & 3) {
	case 0:
		adit_blake(s, digest);
		break;
	case 1:
		adit_groestl(s, digest);
		break;
	case 2:
		adit_jh(s, digest);
		break;
	default:
		adit_skein(s, digest);
	}
#endif
	for (int i = 0; i < 4; i++)
		digests[item * 4 + i] = digest[i];
	if (digest[3] <= limit)
		adit_hit(hits, item);
}
