// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): four words of noise, a pure
// function of where they are used.
//
//   counter = {element / 4, operation, step low, step high}    key = {seed low, seed high}
//
// Element i takes word i % 4 of block i / 4. `operation` is 8 bits of purpose << 24 | 24 bits of draw order. No thread
// index, grid shape or mutable offset enters, so any launch that covers the elements draws the same bits. Twin:
// dev.elbo.runtime.random.Philox.
#ifndef ELBO_PHILOX_CUH
#define ELBO_PHILOX_CUH

#include "portable.cuh"

typedef struct {
    unsigned int word[4];
} PhiloxBlock;

PORTABLE PhiloxBlock philox4x32_10(unsigned int c0, unsigned int c1, unsigned int c2, unsigned int c3,
                                   unsigned int k0, unsigned int k1) {
#ifdef __CUDACC__
#pragma unroll
#endif
    for (int round = 0; round < 10; round++) {
        unsigned int high0 = __umulhi(0xD2511F53u, c0);
        unsigned int low0 = 0xD2511F53u * c0;
        unsigned int high1 = __umulhi(0xCD9E8D57u, c2);
        unsigned int low1 = 0xCD9E8D57u * c2;
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    PhiloxBlock block = {{c0, c1, c2, c3}};
    return block;
}

// The noise of elements 4 block .. 4 block + 3.
//
// noise (4): {seed low, seed high, step low, step high} in device memory, so that a captured graph can advance it.
PORTABLE PhiloxBlock noise_block(const unsigned int* noise, unsigned int operation, unsigned int block) {
    return philox4x32_10(block, operation, noise[2], noise[3], noise[0], noise[1]);
}

#endif
