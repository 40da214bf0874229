/*
bf16: numbers of f32 rounded to bf16, for libraries that multiply them, and their results back

formula      round  y[i] = the bf16 nearest to x[i], ties to even
             widen  y[i] = x[i] + bias[i % cols], both terms added to y if not first
shapes       round: x (n), y (ceil(n / 2)) words of two numbers, the earlier one below; what is missing in the last is 0
             widen: x (ceil(n / 2)) words, y (n) = (n / cols, cols) row-major, bias (cols) or null
types        f32, and bf16 in pairs as u32 words
launch       round_bf16, widen_bf16: block 256, grid ceil(n / 1024)
ownership    caller owns every buffer; round overwrites y, widen overwrites or adds; x and y are apart
edges        n need not be even, nor pointers of f32 aligned to more than 4 bytes.  A NaN stays one, quiet; what is
             beyond the largest bf16 by half a step is infinite
determinism  bit contract: each element from its own operands alone; widen adds x + bias first, and that to y
bytes        round 6 n; widen 6 n, 4 n more where it adds
versions     1  four elements per thread, in integers, since compute_75 has no instruction for it  <- this file
reference    dev.elbo.runtime.kernels.KernelTwinsTest
*/
#include "common/elements.cuh"

// The upper half of the nearest number whose lower half is 0.
__device__ __forceinline__ unsigned bf16_of(float x) {
    unsigned bits = __float_as_uint(x);
    if (x != x) return bits >> 16 | 0x40;  // a payload in the lower half alone would be lost, and the NaN with it
    return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
round_bf16(const float* __restrict__ x,  // (n)
           unsigned* __restrict__ y,     // (ceil(n / 2)) words
           long long n) {
    long long e = first_of_thread();
    if (e >= n) return;

    Quad q = load(x + e, n - e);
    for (int i = 0; i < QUAD; i += 2) {
        if (e + i < n) y[(e + i) / 2] = bf16_of(q.at[i]) | bf16_of(q.at[i + 1]) << 16;
    }
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
widen_bf16(const unsigned* __restrict__ x,  // (ceil(n / 2)) words
           const float* __restrict__ bias,  // (cols) or null
           float* __restrict__ y,           // (n)
           long long n, int cols, int first) {
    long long e = first_of_thread();
    if (e >= n) return;

    Quad q = {};
    for (int i = 0; i < QUAD; i += 2) {
        unsigned word = e + i < n ? x[(e + i) / 2] : 0;
        q.at[i] = __uint_as_float(word << 16);
        q.at[i + 1] = __uint_as_float(word & 0xffff0000);
    }
    if (bias != nullptr) {
        Cell cell = cell_of(e, cols);
        for (int i = 0; i < QUAD; i++, to_next(cell, cols)) q.at[i] += bias[cell.col];
    }
    contribute(y + e, q, n - e, first);
}
