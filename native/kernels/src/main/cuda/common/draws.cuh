// Draws by element, on top of random.cuh's draws by block.
#pragma once

#include "elements.cuh"
#include "random.cuh"

// The block of noise of this thread's four elements.
__device__ __forceinline__ PhiloxBlock quad_noise(const unsigned* noise, unsigned operation, long long e) {
    return noise_block(noise, operation, (unsigned)(e / QUAD));
}

__device__ __forceinline__ Quad quad_normals(const unsigned* noise, unsigned operation, long long e) {
    Quad z;
    normals_of(quad_noise(noise, operation, e), z.at);
    return z;
}

// The word of one element, for walks that do not meet four in a row: the block is drawn for it alone.
__device__ __forceinline__ unsigned word_at(const unsigned* noise, unsigned operation, long long e) {
    PhiloxBlock block = quad_noise(noise, operation, e);
    unsigned low = e & 1 ? block.word[1] : block.word[0];
    unsigned high = e & 1 ? block.word[3] : block.word[2];
    return e & 2 ? high : low;
}

// The normal of one element.
__device__ __forceinline__ float normal_at(const unsigned* noise, unsigned operation, long long e) {
    PhiloxBlock block = quad_noise(noise, operation, e);
    bool upper = (e & 2) != 0;
    float even, odd;
    normal_pair(upper ? block.word[2] : block.word[0], upper ? block.word[3] : block.word[1], &even, &odd);
    return e & 1 ? odd : even;
}
