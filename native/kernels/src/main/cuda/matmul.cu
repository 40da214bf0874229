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
#include "common/product.cuh"

// The sums of this block of c.
__device__ __forceinline__ void block_of_product(const float* a, const float* b, float* shared, int rows, int cols,
                                                 int inner, int a_row, int a_inner, int b_inner, int b_col) {
    int row = (int)blockIdx.y * TILE;
    int col = (int)blockIdx.x * TILE;
    sums_of_block(strided(a + (long long)row * a_row, rows - row, a_row, a_inner),
                  strided(b + (long long)col * b_col, cols - col, b_col, b_inner), shared, inner);
}

extern "C" __global__ void __launch_bounds__(TILE_BLOCK)
matmul_f32(const float* __restrict__ a,     // (batches, rows, inner) by strides
           const float* __restrict__ b,     // (batches, inner, cols) by strides
           const float* __restrict__ bias,  // (cols) or null
           float* __restrict__ c,           // (batches, rows, cols) by strides, columns contiguous
           int rows, int cols, int inner, int batches, int a_row, int a_inner, int b_inner, int b_col, int c_row,
           long long a_batch, long long b_batch, long long c_batch,
           float alpha, float beta, int function, float parameter) {
    if ((int)blockIdx.z >= batches) return;

    __shared__ __align__(16) float shared[TILE * TILE];
    block_of_product(a + blockIdx.z * a_batch, b + blockIdx.z * b_batch, shared, rows, cols, inner, a_row, a_inner,
                     b_inner, b_col);
    store_block(shared, bias, c + blockIdx.z * c_batch, rows, cols, c_row, alpha, beta, function, parameter);
}

extern "C" __global__ void __launch_bounds__(TILE_BLOCK)
matmul_bernoulli_f32(const float* __restrict__ a,         // (rows, inner) by strides
                     const float* __restrict__ b,         // (inner, cols) by strides
                     const float* __restrict__ bias,      // (cols) or null
                     float* __restrict__ p,               // (rows, cols) or null
                     float* __restrict__ c,               // (rows, cols)
                     const unsigned* __restrict__ noise,  // (4)
                     unsigned operation, int rows, int cols, int inner, int a_row, int a_inner, int b_inner, int b_col,
                     float alpha) {
    __shared__ __align__(16) float shared[TILE * TILE];
    block_of_product(a, b, shared, rows, cols, inner, a_row, a_inner, b_inner, b_col);
    draw_block(shared, bias, p, c, noise, operation, rows, cols, alpha);
}
