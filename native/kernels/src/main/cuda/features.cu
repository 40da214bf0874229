/*
features: sums of a few rows of a large table, which is a linear map of features that are there or not

formula      forward   y[i,j] = sum over k of x[index[i,k],j], k ascending from 0
             pullback  dx[r,j] = sum over (i,k) with index[i,k] = r of dy[i,j], i and then k ascending
shapes       x, dx (count, cols)    y, dy (rows, cols)    index (rows, each)
types        f32; i32 index
launch       sum_of_rows_f32: block 256, grid ceil(rows * cols / 256)
             sum_of_rows_pullback_f32: block 256, grid ceil(count / 8)
ownership    caller owns every buffer; y is overwritten; dx is overwritten if first, else added to
edges        an index outside 0 .. count - 1 counts nothing.  rows of dx that nobody asked for: 0 if first
determinism  bit contract: adds in f32 in the order above; the pullback one row of dy after the other, by one warp
bytes        forward 4 rows cols (each + 1) + 4 rows each; pullback 4 rows each count of index from the cache
             + 4 rows each cols + 8 count cols
versions     1  the pullback looks through all of index for each row of the table, as gather's does: simple, and right
                up to some thousand positions; not yet timed  <- this file
reference    dev.elbo.runtime.ops.SumOfRows, host branch
*/
#define WARP 32
#define WARPS 8  // rows of a table per block
#define BLOCK 256

extern "C" __global__ void __launch_bounds__(BLOCK)
sum_of_rows_f32(const float* __restrict__ x,    // (count, cols)
                const int* __restrict__ index,  // (rows, each)
                float* __restrict__ y,          // (rows, cols)
                int rows, int each, int cols, int count) {
    long long e = (long long)blockIdx.x * BLOCK + threadIdx.x;
    if (e >= (long long)rows * cols) return;

    long long i = e / cols;
    long long j = e - i * cols;
    float sum = 0.0f;
    for (int k = 0; k < each; k++) {
        int row = index[i * each + k];
        if (row >= 0 && row < count) sum += x[(long long)row * cols + j];
    }
    y[e] = sum;
}

extern "C" __global__ void __launch_bounds__(WARP * WARPS)
sum_of_rows_pullback_f32(const int* __restrict__ index,  // (rows, each)
                         const float* __restrict__ dy,   // (rows, cols)
                         float* __restrict__ dx,         // (count, cols)
                         int rows, int each, int cols, int count, int first) {
    int r = (int)(blockIdx.x * WARPS + threadIdx.x / WARP);
    int lane = (int)threadIdx.x % WARP;
    if (r >= count) return;

    float* to = dx + (long long)r * cols;
    if (first) {
        for (int j = lane; j < cols; j += WARP) to[j] = 0.0f;
    }
    long long places = (long long)rows * each;
    for (long long base = 0; base < places; base += WARP) {
        unsigned asked = __ballot_sync(0xffffffffu, base + lane < places && index[base + lane] == r);
        for (; asked != 0; asked &= asked - 1) {
            const float* from = dy + (base + __ffs((int)asked) - 1) / each * cols;
            for (int j = lane; j < cols; j += WARP) to[j] += from[j];
        }
    }
}
