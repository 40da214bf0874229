/*
matmul_split: matrix product on the units for bf16, as exact as f32: a factor is the sum of three bf16 terms

formula      matmul_split            c[i,j] = f(alpha sum_k a[i,k] b[k,j] + beta c[i,j] + bias[j]), f by its code in
                                     common/functions.cuh
             matmul_bernoulli_split  p[i,j] = sigmoid(alpha sum_k a[i,k] b[k,j] + bias[j]), c[i,j] = 1 with that
                                     probability, else 0: half a step of Gibbs sampling
             terms and products of terms: common/split.cuh
shapes       a (rows, inner), b (inner, cols), c, p (rows, cols), bias (cols) or null    noise (4)
             matmul_split: `batches` of a, b and c, each a stride apart
             a and b by strides in elements, as matmul's
types        f32, multiplied as bf16, accumulated in f32
launch       matmul_split_f32: block 256, grid ceil(cols / 64) x ceil(rows / 64) x batches
             matmul_bernoulli_split_f32: block 256, grid ceil(cols / 64) x ceil(rows / 64)
ownership    caller owns every buffer; c and p are overwritten; with beta = 0 c is not read
edges        inner 0: the sum is 0.  rows up to 64 x 65535, batches up to 65535.  A NaN or an infinity spreads along its
             row or column, an infinity as a NaN where the other factor has more than one term; a NaN is never drawn
             as 1
determinism  bitwise from run to run on one GPU model; the unit adds 16 products at a time, in an order and with a
             rounding of its own.  Other rows and columns do not enter, but beside an infinity
bytes        4 (rows inner ceil(cols / 64) + cols inner ceil(rows / 64) + rows cols), 4 rows cols more if beta != 0
versions     1  64 x 64 tiles, 32 deep, 32 x 16 per warp, split on the way to shared memory, next tile fetched during
                the current; not timed  <- this file
reference    dev.elbo.runtime.CudaProducts; an f64 oracle in its test
*/
#include "common/product.cuh"
#include "common/split.cuh"

__device__ __forceinline__ void block_of_product(const float* a, const float* b, unsigned* shared, int rows, int cols,
                                                 int inner, int a_row, int a_inner, int b_inner, int b_col) {
    int row = (int)blockIdx.y * TILE;
    int col = (int)blockIdx.x * TILE;
    split_sums_of_block(split_operand(a + (long long)row * a_row, rows - row, a_row, a_inner),
                        split_operand(b + (long long)col * b_col, cols - col, b_col, b_inner), shared, inner);
}

extern "C" __global__ void __launch_bounds__(TILE_BLOCK)
matmul_split_f32(const float* __restrict__ a,     // (batches, rows, inner) by strides
                 const float* __restrict__ b,     // (batches, inner, cols) by strides
                 const float* __restrict__ bias,  // (cols) or null
                 float* __restrict__ c,           // (batches, rows, cols) by strides, columns contiguous
                 int rows, int cols, int inner, int batches, int a_row, int a_inner, int b_inner, int b_col, int c_row,
                 long long a_batch, long long b_batch, long long c_batch,
                 float alpha, float beta, int function, float parameter) {
    if ((int)blockIdx.z >= batches) return;

    __shared__ __align__(16) unsigned shared[SPLIT_SHARED];
    block_of_product(a + blockIdx.z * a_batch, b + blockIdx.z * b_batch, shared, rows, cols, inner, a_row, a_inner,
                     b_inner, b_col);
    store_block(reinterpret_cast<float*>(shared), bias, c + blockIdx.z * c_batch, rows, cols, c_row, alpha, beta,
                function, parameter);
}

extern "C" __global__ void __launch_bounds__(TILE_BLOCK)
matmul_bernoulli_split_f32(const float* __restrict__ a,         // (rows, inner) by strides
                           const float* __restrict__ b,         // (inner, cols) by strides
                           const float* __restrict__ bias,      // (cols) or null
                           float* __restrict__ p,               // (rows, cols) or null
                           float* __restrict__ c,               // (rows, cols)
                           const unsigned* __restrict__ noise,  // (4)
                           unsigned operation, int rows, int cols, int inner, int a_row, int a_inner, int b_inner,
                           int b_col, float alpha) {
    __shared__ __align__(16) unsigned shared[SPLIT_SHARED];
    block_of_product(a, b, shared, rows, cols, inner, a_row, a_inner, b_inner, b_col);
    draw_block(reinterpret_cast<float*>(shared), bias, p, c, noise, operation, rows, cols, alpha);
}
