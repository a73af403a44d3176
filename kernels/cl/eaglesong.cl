// Eaglesong over the message of CKB's proof of work, of which the first
// permutation is the same for every nonce: one permutation a work-item.

#include "device.clh"
#include "eaglesong_rounds.clh"

// eaglesong_search tries a nonce in each work-item.
//
// work holds the 16 words of the state before the last permutation, without
// the bytes that are rolled; then the number of the word that is rolled (0 to
// 3), how far the nonce's lowest byte is shifted in that word's counter, and
// the greatest value that the first four bytes of a hash, big-endian, may
// have. The nonce of an item ends in first + its number. hits lists the items
// whose hash is that good, see adit_hit.
__kernel void eaglesong_search(__global const uint *work, uint first, volatile __global uint *hits)
{
	uint item = ADIT_GLOBAL_ID;
	uint x0 = work[0], x1 = work[1], x2 = work[2], x3 = work[3];
	uint x4 = work[4], x5 = work[5], x6 = work[6], x7 = work[7];
	uint x8 = work[8], x9 = work[9], x10 = work[10], x11 = work[11];
	uint x12 = work[12], x13 = work[13], x14 = work[14], x15 = work[15];
	uint word = work[16];
	uint counter = (first + item) << work[17];
	uint rolled = ADIT_SWAP32(counter);
	x0 ^= word == 0 ? rolled : 0;
	x1 ^= word == 1 ? rolled : 0;
	x2 ^= word == 2 ? rolled : 0;
	x3 ^= word == 3 ? rolled : 0;
	EAGLESONG_ROUNDS
	if (ADIT_SWAP32(x0) <= work[18])
		adit_hit(hits, item);
}
