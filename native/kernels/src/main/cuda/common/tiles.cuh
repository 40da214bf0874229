// Products by tiles: a block computes 64 x 64 sums s[o,p] = sum_k a[o,k] b[k,p] as chains of fused multiply-adds along
// ascending k, both operands going through shared memory, 16 of k at a time.
//
// What an operand is, the product does not know: it asks for this thread's elements of the tile that begins at some k,
// by `fetch(k, inner, values)`, and puts them where `share` says. An element outside reads as zero.
#pragma once

#define TILE_BLOCK 256     // threads of a block
#define TILE 64            // rows and columns of the result per block
#define DEPTH 16           // k of one tile
#define STRIDE (TILE + 4)  // of a tile in shared memory: keeps 16-byte alignment, spreads the banks
#define SHARE 4            // elements of a tile that a thread fetches; rows and columns of the result that it computes

// Which elements of each tile a thread fetches, counted from the tile's corner: element q is q steps from the first.
struct Share {
    int outer, inner;
    int outer_step, inner_step;
};

// Threads run along whichever index is contiguous in memory, so that a warp reads whole lines.
__device__ __forceinline__ Share share_along_inner() {
    int t = (int)threadIdx.x;
    return {t / DEPTH, t % DEPTH, TILE_BLOCK / DEPTH, 0};
}

__device__ __forceinline__ Share share_along_outer() {
    int t = (int)threadIdx.x;
    return {t % TILE, t / TILE, 0, TILE_BLOCK / TILE};
}

// An operand whose elements lie a stride apart in memory.
struct Strided {
    Share share;
    const float* from;  // element (0, 0) of the operand at this block's rows or columns
    int outer_left;     // rows or columns that exist from this block on
    int outer_stride, inner_stride;

    __device__ __forceinline__ void fetch(int k, int inner, float* values) const {
#pragma unroll
        for (int q = 0; q < SHARE; q++) {
            int o = share.outer + q * share.outer_step;
            int i = k + share.inner + q * share.inner_step;
            bool inside = o < outer_left && i < inner;
            values[q] = inside ? __ldg(from + (long long)o * outer_stride + (long long)i * inner_stride) : 0.0f;
        }
    }
};

__device__ __forceinline__ Strided strided(const float* from, int outer_left, int outer_stride, int inner_stride) {
    return {inner_stride == 1 ? share_along_inner() : share_along_outer(), from, outer_left, outer_stride,
            inner_stride};
}

__device__ __forceinline__ void put(const Share& share, const float* values, float* tile) {
#pragma unroll
    for (int q = 0; q < SHARE; q++) {
        tile[(share.inner + q * share.inner_step) * STRIDE + share.outer + q * share.outer_step] = values[q];
    }
}

// One step of all chains of this thread: s[i][j] = fma(a[i,k], b[k,j], s[i][j]).
__device__ __forceinline__ void multiply(const float* a, const float* b, float (*s)[SHARE]) {
    float4 u = *reinterpret_cast<const float4*>(a);
    float4 v = *reinterpret_cast<const float4*>(b);
    const float left[SHARE] = {u.x, u.y, u.z, u.w};
    const float right[SHARE] = {v.x, v.y, v.z, v.w};
#pragma unroll
    for (int i = 0; i < SHARE; i++) {
#pragma unroll
        for (int j = 0; j < SHARE; j++) s[i][j] = __fmaf_rn(left[i], right[j], s[i][j]);
    }
}

// The sums of this block, row-major, into `shared` of TILE x TILE, which holds both tiles before that.
template <class A, class B>
__device__ __forceinline__ void sums_of_block(const A& a, const B& b, float* shared, int inner) {
    float* a_tile = shared;
    float* b_tile = shared + DEPTH * STRIDE;
    int i = (int)threadIdx.x / (TILE / SHARE) * SHARE;  // this thread's corner in the block
    int j = (int)threadIdx.x % (TILE / SHARE) * SHARE;

    float next_a[SHARE], next_b[SHARE], s[SHARE][SHARE] = {};
    a.fetch(0, inner, next_a);
    b.fetch(0, inner, next_b);
    for (int k = 0; k < inner; k += DEPTH) {
        put(a.share, next_a, a_tile);
        put(b.share, next_b, b_tile);
        __syncthreads();
        a.fetch(k + DEPTH, inner, next_a);
        b.fetch(k + DEPTH, inner, next_b);
        // A zero past the end would turn a chain at -0 into +0, so the last tile stops where k does.
        if (inner - k >= DEPTH) {
#pragma unroll
            for (int d = 0; d < DEPTH; d++) multiply(a_tile + d * STRIDE + i, b_tile + d * STRIDE + j, s);
        } else {
            for (int d = 0; d < inner - k; d++) multiply(a_tile + d * STRIDE + i, b_tile + d * STRIDE + j, s);
        }
        __syncthreads();
    }
#pragma unroll
    for (int q = 0; q < SHARE * SHARE; q++) shared[(i + q / SHARE) * TILE + j + q % SHARE] = s[q / SHARE][q % SHARE];
    __syncthreads();
}
