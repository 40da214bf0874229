// Products by tiles on the units for bf16 (`mma.sync` of sm_80), as exact as f32. A factor is the sum of three terms:
//
//   x = x1 + x2 + x3     each the bf16 nearest to what is left of x. 3 x 8 bits: nothing is left of a number from
//                        2^-103 up, less than 2^-126 of a smaller one
//   a b = a1 b1 + a1 b2 + a2 b1 + a1 b3 + a2 b2 + a3 b1, and less than 2^-23 |a b|
//
// A factor that is bf16 itself, as bits are, has one term. Where a whole tile of a or of b is, the products of its
// further terms are left out: three then, or one, and nothing is lost.
#pragma once

#include "tiles.cuh"

#define TERMS 3
#define SPLIT_DEPTH 32             // k of one tile
#define WORDS (SPLIT_DEPTH / 2)    // of a row of a tile: each holds two of k
#define BROUGHT 4                  // words of a tile that a thread brings
#define SPLIT_TILE (TILE * WORDS)  // words of one term of a tile
#define SPLIT_SHARED (2 * TERMS * SPLIT_TILE)

// Where a word lies in its tile: such that threads side by side meet no bank twice, whether they go along rows or along
// k, and the words of a matrix instruction neither.
__device__ __forceinline__ int place(int outer, int word) {
    return outer * WORDS + (word ^ ((outer >> 1 & 3) << 2 | (outer >> 3 & 3)));
}

// The bf16 nearest to x, as the upper half of a word; of two the larger.
__device__ __forceinline__ unsigned upper(float x) {
    return (__float_as_uint(x) + 0x8000u) & 0xffff0000u;
}

__device__ __forceinline__ void split(float x, unsigned* term) {
    unsigned bits = __float_as_uint(x);
    unsigned size = bits & 0x7fffffffu;
    // Rounded up, the largest numbers would be infinite, and a NaN might become a number.
    term[0] = size < 0x7f7f8000u ? upper(x) : bits & 0xffff0000u;
    if (size > 0x7f800000u) term[0] |= 0x00400000u;
    float rest = size < 0x7f800000u ? x - __uint_as_float(term[0]) : 0.0f;
    term[1] = upper(rest);
    term[2] = upper(rest - __uint_as_float(term[1]));
}

// An operand whose elements lie a stride apart, and which words of its tiles this thread brings: threads run along
// whichever index is contiguous in memory. An element outside reads as zero.
struct SplitOperand {
    const float* from;  // element (0, 0) of the operand at this block's rows or columns
    int outer_left;     // rows or columns that exist from this block on
    int outer_stride, inner_stride;
    int outer, word, outer_step, word_step;

    __device__ __forceinline__ void fetch(int k, int inner, float* values) const {
#pragma unroll
        for (int q = 0; q < BROUGHT; q++) {
            int o = outer + q * outer_step;
            int i = k + 2 * (word + q * word_step);
            const float* at = from + (long long)o * outer_stride + (long long)i * inner_stride;
            values[2 * q] = o < outer_left && i < inner ? __ldg(at) : 0.0f;
            values[2 * q + 1] = o < outer_left && i + 1 < inner ? __ldg(at + inner_stride) : 0.0f;
        }
    }

    // Puts the terms where they belong. Returns whether there is more than the first of any.
    __device__ __forceinline__ bool put(const float* values, unsigned* tile) const {
        unsigned more = 0;
#pragma unroll
        for (int q = 0; q < BROUGHT; q++) {
            unsigned even[TERMS], odd[TERMS];
            split(values[2 * q], even);
            split(values[2 * q + 1], odd);
            more |= even[1] | odd[1];
            int at = place(outer + q * outer_step, word + q * word_step);
#pragma unroll
            for (int t = 0; t < TERMS; t++) tile[t * SPLIT_TILE + at] = even[t] >> 16 | odd[t];
        }
        return more != 0;
    }
};

__device__ __forceinline__ SplitOperand split_operand(const float* from, int outer_left, int outer_stride,
                                                      int inner_stride) {
    int t = (int)threadIdx.x;
    if (inner_stride == 1) {
        return {from, outer_left, outer_stride, inner_stride, t / WORDS, t % WORDS, TILE_BLOCK / WORDS, 0};
    }
    return {from, outer_left, outer_stride, inner_stride, t % TILE, t / TILE, 0, TILE_BLOCK / TILE};
}

// 32 rows of a, or 16 columns of b, times 16 of k, as `mma.m16n8k16` wants them: a group of four lanes has a row (and
// the one 8 below) or a column, a lane of it two of k and the two that come 8 later.
__device__ __forceinline__ void rows_of(const unsigned* tile, int row, int word, unsigned (*a)[4]) {
    int group = (int)threadIdx.x % 32 / 4;
    int lane = (int)threadIdx.x % 4;
#pragma unroll
    for (int q = 0; q < 8; q++) {
        a[q / 4][q % 4] = tile[place(row + q / 4 * 16 + q % 2 * 8 + group, word + q % 4 / 2 * 4 + lane)];
    }
}

__device__ __forceinline__ void columns_of(const unsigned* tile, int col, int word, unsigned (*b)[2]) {
    int group = (int)threadIdx.x % 32 / 4;
    int lane = (int)threadIdx.x % 4;
#pragma unroll
    for (int q = 0; q < 4; q++) b[q / 2][q % 2] = tile[place(col + q / 2 * 8 + group, word + q % 2 * 4 + lane)];
}

// s += a b for one term of each.
__device__ __forceinline__ void multiply(const unsigned (*a)[4], const unsigned (*b)[2], float (*s)[2][4]) {
#pragma unroll
    for (int q = 0; q < 4; q++) {
        const unsigned* left = a[q / 2];
        const unsigned* right = b[q % 2];
        float* sum = s[q / 2][q % 2];
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                     "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                     : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                     : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
    }
}

// s += a b for 16 of k and all terms that there are, the smallest first.
__device__ __forceinline__ void multiply_terms(const unsigned* a_tile, const unsigned* b_tile, int row, int col,
                                               int word, bool more_a, bool more_b, float (*s)[2][4]) {
    unsigned a[TERMS][2][4] = {};
    unsigned b[TERMS][2][2] = {};
#pragma unroll
    for (int t = 0; t < TERMS; t++) {
        if (t == 0 || more_a) rows_of(a_tile + t * SPLIT_TILE, row, word, a[t]);
        if (t == 0 || more_b) columns_of(b_tile + t * SPLIT_TILE, col, word, b[t]);
    }
    if (more_b) multiply(a[0], b[2], s);
    if (more_a && more_b) multiply(a[1], b[1], s);
    if (more_a) multiply(a[2], b[0], s);
    if (more_b) multiply(a[0], b[1], s);
    if (more_a) multiply(a[1], b[0], s);
    multiply(a[0], b[0], s);
}

// The sums of this block, row-major, into `shared` of SPLIT_SHARED words, which holds the tiles before that. Each of
// eight warps has 32 rows and 16 columns.
__device__ __forceinline__ void split_sums_of_block(const SplitOperand& a, const SplitOperand& b, unsigned* shared,
                                                    int inner) {
    unsigned* a_tile = shared;
    unsigned* b_tile = shared + TERMS * SPLIT_TILE;
    int warp = (int)threadIdx.x / 32;
    int row = warp / 4 * 32;
    int col = warp % 4 * 16;

    float next_a[2 * BROUGHT], next_b[2 * BROUGHT], s[2][2][4] = {};
    a.fetch(0, inner, next_a);
    b.fetch(0, inner, next_b);
    for (int k = 0; k < inner; k += SPLIT_DEPTH) {
        bool more_a = a.put(next_a, a_tile);
        bool more_b = b.put(next_b, b_tile);
        more_a = __syncthreads_or(more_a) != 0;
        more_b = __syncthreads_or(more_b) != 0;
        a.fetch(k + SPLIT_DEPTH, inner, next_a);
        b.fetch(k + SPLIT_DEPTH, inner, next_b);
#pragma unroll
        for (int word = 0; word < WORDS; word += 8) {
            multiply_terms(a_tile, b_tile, row, col, word, more_a, more_b, s);
        }
        __syncthreads();
    }
    float* sums = reinterpret_cast<float*>(shared);
    row += (int)threadIdx.x % 32 / 4;
    col += (int)threadIdx.x % 4 * 2;
#pragma unroll
    for (int q = 0; q < 16; q++) {
        sums[(row + q / 8 * 16 + q % 4 / 2 * 8) * TILE + col + q % 8 / 4 * 8 + q % 2] = s[q / 8][q % 8 / 4][q % 4];
    }
    __syncthreads();
}
