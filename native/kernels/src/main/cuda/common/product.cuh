// What becomes of a block of a product's sums, 64 x 64 and row-major in shared memory: the end of kernels that differ
// in how they multiply alone.
#pragma once

#include "draws.cuh"
#include "functions.cuh"
#include "tiles.cuh"

// c[i,j] = f(alpha sum + beta c[i,j] + bias[j])
__device__ __forceinline__ void store_block(const float* sums, const float* bias, float* c, int rows, int cols,
                                            int c_row, float alpha, float beta, int function, float parameter) {
    int j = (int)threadIdx.x % TILE;
    int col = (int)blockIdx.x * TILE + j;
    if (col >= cols) return;
    c += col;
#pragma unroll 1
    for (int i = (int)threadIdx.x / TILE; i < TILE; i += TILE_BLOCK / TILE) {
        int row = (int)blockIdx.y * TILE + i;
        if (row >= rows) return;
        float v = alpha * sums[i * TILE + j];
        if (beta != 0.0f) v = __fmaf_rn(beta, c[(long long)row * c_row], v);
        if (bias != nullptr) v = v + bias[col];
        c[(long long)row * c_row] = function_of(function, v, parameter);
    }
}

// p[i,j] = sigmoid(alpha sum + bias[j]), c[i,j] = 1 with that probability, else 0
__device__ __forceinline__ void draw_block(const float* sums, const float* bias, float* p, float* c,
                                           const unsigned* noise, unsigned operation, int rows, int cols, float alpha) {
    int j = (int)threadIdx.x % TILE;
    int col = (int)blockIdx.x * TILE + j;
    if (col >= cols) return;
#pragma unroll 1
    for (int i = (int)threadIdx.x / TILE; i < TILE; i += TILE_BLOCK / TILE) {
        int row = (int)blockIdx.y * TILE + i;
        if (row >= rows) return;
        long long e = (long long)row * cols + col;
        float v = alpha * sums[i * TILE + j];
        if (bias != nullptr) v = v + bias[col];
        float chance = portable_sigmoid(v);
        if (p != nullptr) p[e] = chance;
        c[e] = bernoulli_of(word_at(noise, operation, e), chance);
    }
}
