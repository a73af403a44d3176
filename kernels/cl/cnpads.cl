// What surrounds CryptoNight's main loop, for many nonces at once: cn_prepare,
// cn_fill; then, after cn_loop of cnloop.cl, cn_drain, cn_finish. The same for
// all algorithms whose pads have one size; see cryptonight.clh.

#include "cryptonight.clh"
#include "keccak.clh"
#include "finals.clh"

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
	for (int pass = 0; pass < 2; pass++)
		for (uint i = lane; i < CN_BLOCKS; i += 8)
			x = cn_stir(shared, adit_aes_encrypt(table, x ^ pad[i], keys));
	for (int i = 0; i < 16; i++)
		x = cn_stir(shared, adit_aes_encrypt(table, x, keys));
#else
	for (uint i = lane; i < CN_BLOCKS; i += 8)
		x = adit_aes_encrypt(table, x ^ pad[i], keys);
#endif
	state[8 + 2 * lane] = x.s0 | (ulong)x.s1 << 32;
	state[9 + 2 * lane] = x.s2 | (ulong)x.s3 << 32;
}

// cn_finish ends each hash, writes its digest (four words), and lists those
// whose last word is at most limit.
__kernel void cn_finish(__global const ulong *states, ulong limit, __global ulong *digests, volatile __global uint *hits)
{
	uint item = ADIT_GLOBAL_ID;
	ulong s[25], digest[4];
	for (int i = 0; i < 25; i++)
		s[i] = states[item * CN_STATE + i];
	adit_keccak(s);
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
	for (int i = 0; i < 4; i++)
		digests[item * 4 + i] = digest[i];
	if (digest[3] <= limit)
		adit_hit(hits, item);
}
