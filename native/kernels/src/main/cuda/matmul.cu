/*
matmul: matrix product with bias and activation or draw, one chain of fused multiply-adds per element

formula      matmul            c[i,j] = f(alpha sum_k a[i,k] b[k,j] + beta c[i,j] + bias[j]), f by its code in
                               common/functions.cuh
             matmul_bernoulli  p[i,j] = sigmoid(alpha sum_k a[i,k] b[k,j] + bias[j]), c[i,j] = 1 with that probability,
                               else 0: half a step of Gibbs sampling
shapes       a (rows, inner), b (inner, cols), c, p (rows, cols), bias (cols) or null    noise (4)
             matmul: `batches` of a, b and c, each a stride apart
             a and b by strides in elements, so that all four transposes and any view are one kernel:
             row-major a has a_row = inner, a_inner = 1; its transpose a_row = 1, a_inner = rows
types        f32, accumulated in f32
launch       matmul_f32: block 256, grid ceil(cols / 64) x ceil(rows / 64) x batches
             matmul_bernoulli_f32: block 256, grid ceil(cols / 64) x ceil(rows / 64)
ownership    caller owns every buffer; c and p are overwritten; with beta = 0 c is not read
edges        inner 0: the sum is 0.  rows up to 64 x 65535, batches up to 65535.  A NaN or infinity spreads along its
             row or column; a NaN is never drawn as 1
determinism  bit contract: s = 0; s = fma(a[i,k], b[k,j], s) for k ascending; v = alpha s; if beta != 0, v = fma(beta,
             c, v); if there is a bias, v = v + bias[j]; c = f(v).  Draws by element i cols + j of the operation's
             noise.  Neither the tile nor the strides enter
bytes        4 (rows inner ceil(cols / 64) + cols inner ceil(rows / 64) + rows cols), 4 rows cols more if beta != 0
versions     1  64 x 64 tiles, 16 deep, 4 x 4 per thread, next tile fetched during the current; not timed  <- this file
reference    dev.elbo.runtime.ops, host branch of the fixed-order product
*/
#include "common/draws.cuh"
#include "common/functions.cuh"

#define MATMUL_BLOCK 256
#define TILE 64            // rows and columns of c per block
#define DEPTH 16           // k of one tile
#define STRIDE (TILE + 4)  // of a tile in shared memory: keeps 16-byte alignment, spreads the banks
#define SHARE 4            // elements of a tile that a thread fetches; rows and columns of c that it computes

// One operand of a block: which elements of each tile this thread fetches, and where it puts them.
struct Fetch {
    const float* from;  // element (0, 0) of the operand at this block's rows or columns
    int outer, inner;   // first element of this thread within a tile
    int outer_step, inner_step;
    int outer_stride, inner_stride;
    int outer_left;     // rows or columns that exist from this block on
};

// Threads run along whichever index is contiguous in memory, so that a warp reads whole lines.
__device__ __forceinline__ Fetch fetch_plan(const float* from, int outer_left, int outer_stride, int inner_stride) {
    int t = (int)threadIdx.x;
    if (inner_stride == 1) return {from, t / DEPTH, t % DEPTH, MATMUL_BLOCK / DEPTH, 0, outer_stride, 1, outer_left};
    return {from, t % TILE, t / TILE, 0, MATMUL_BLOCK / TILE, outer_stride, inner_stride, outer_left};
}

// This thread's elements of the tile that begins at k; what lies outside reads as zero and is never used.
__device__ __forceinline__ void fetch(const Fetch& f, int k, int inner, float* values) {
#pragma unroll
    for (int q = 0; q < SHARE; q++) {
        int o = f.outer + q * f.outer_step;
        int i = k + f.inner + q * f.inner_step;
        bool inside = o < f.outer_left && i < inner;
        values[q] = inside ? __ldg(f.from + (long long)o * f.outer_stride + (long long)i * f.inner_stride) : 0.0f;
    }
}

__device__ __forceinline__ void put(const Fetch& f, const float* values, float* tile) {
#pragma unroll
    for (int q = 0; q < SHARE; q++) {
        tile[(f.inner + q * f.inner_step) * STRIDE + f.outer + q * f.outer_step] = values[q];
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

// The 64 x 64 sums of this block of c, into `shared`, which holds both tiles before that.
__device__ __forceinline__ void sums_of_block(const float* a, const float* b, float* shared, int rows, int cols,
                                              int inner, int a_row, int a_inner, int b_inner, int b_col) {
    float* a_tile = shared;
    float* b_tile = shared + DEPTH * STRIDE;
    int row = (int)blockIdx.y * TILE;
    int col = (int)blockIdx.x * TILE;
    int i = (int)threadIdx.x / (TILE / SHARE) * SHARE;  // this thread's corner in the block
    int j = (int)threadIdx.x % (TILE / SHARE) * SHARE;

    Fetch of_a = fetch_plan(a + (long long)row * a_row, rows - row, a_row, a_inner);
    Fetch of_b = fetch_plan(b + (long long)col * b_col, cols - col, b_col, b_inner);
    float next_a[SHARE], next_b[SHARE], s[SHARE][SHARE] = {};
    fetch(of_a, 0, inner, next_a);
    fetch(of_b, 0, inner, next_b);
    for (int k = 0; k < inner; k += DEPTH) {
        put(of_a, next_a, a_tile);
        put(of_b, next_b, b_tile);
        __syncthreads();
        fetch(of_a, k + DEPTH, inner, next_a);
        fetch(of_b, k + DEPTH, inner, next_b);
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

extern "C" __global__ void __launch_bounds__(MATMUL_BLOCK)
matmul_f32(const float* __restrict__ a,     // (batches, rows, inner) by strides
           const float* __restrict__ b,     // (batches, inner, cols) by strides
           const float* __restrict__ bias,  // (cols) or null
           float* __restrict__ c,           // (batches, rows, cols) by strides, columns contiguous
           int rows, int cols, int inner, int batches, int a_row, int a_inner, int b_inner, int b_col, int c_row,
           long long a_batch, long long b_batch, long long c_batch,
           float alpha, float beta, int function, float parameter) {
    if ((int)blockIdx.z >= batches) return;

    __shared__ __align__(16) float shared[TILE * TILE];
    sums_of_block(a + blockIdx.z * a_batch, b + blockIdx.z * b_batch, shared, rows, cols, inner, a_row, a_inner,
                  b_inner, b_col);
    int j = (int)threadIdx.x % TILE;
    int col = (int)blockIdx.x * TILE + j;
    if (col >= cols) return;
    c += blockIdx.z * c_batch + col;
#pragma unroll 1
    for (int i = (int)threadIdx.x / TILE; i < TILE; i += MATMUL_BLOCK / TILE) {
        int row = (int)blockIdx.y * TILE + i;
        if (row >= rows) return;
        float v = alpha * shared[i * TILE + j];
        if (beta != 0.0f) v = __fmaf_rn(beta, c[(long long)row * c_row], v);
        if (bias != nullptr) v = v + bias[col];
        c[(long long)row * c_row] = function_of(function, v, parameter);
    }
}

extern "C" __global__ void __launch_bounds__(MATMUL_BLOCK)
matmul_bernoulli_f32(const float* __restrict__ a,         // (rows, inner) by strides
                     const float* __restrict__ b,         // (inner, cols) by strides
                     const float* __restrict__ bias,      // (cols) or null
                     float* __restrict__ p,               // (rows, cols) or null
                     float* __restrict__ c,               // (rows, cols)
                     const unsigned* __restrict__ noise,  // (4)
                     unsigned operation, int rows, int cols, int inner, int a_row, int a_inner, int b_inner, int b_col,
                     float alpha) {
    __shared__ __align__(16) float shared[TILE * TILE];
    sums_of_block(a, b, shared, rows, cols, inner, a_row, a_inner, b_inner, b_col);
    int j = (int)threadIdx.x % TILE;
    int col = (int)blockIdx.x * TILE + j;
    if (col >= cols) return;
#pragma unroll 1
    for (int i = (int)threadIdx.x / TILE; i < TILE; i += MATMUL_BLOCK / TILE) {
        int row = (int)blockIdx.y * TILE + i;
        if (row >= rows) return;
        long long e = (long long)row * cols + col;
        float v = alpha * shared[i * TILE + j];
        if (bias != nullptr) v = v + bias[col];
        float chance = portable_sigmoid(v);
        if (p != nullptr) p[e] = chance;
        c[e] = bernoulli_of(word_at(noise, operation, e), chance);
    }
}
