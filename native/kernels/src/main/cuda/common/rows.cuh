// The fixed order of every sum over a row, and how a half-warp walks it.
//
// Sixteen accumulators: accumulator i takes elements i, i + 16, i + 32, ... in ascending order, starting from zero;
// then a fixed tree adds (0+8, 1+9, ..., 7+15), (0+4, ..., 3+7), (0+2, 1+3), (0+1). A CPU with 16 vector lanes and a
// half-warp of 16 threads both follow it without effort, so both end with the same bits. Addition commutes, so after
// the exclusive-or shuffles below all 16 lanes hold the value that the tree has at its root.
#pragma once

#define LANES 16           // accumulators of a row; threads that share it
#define ROW_BLOCK 256      // threads of a block that works on rows
#define ROWS_PER_BLOCK 16  // ROW_BLOCK / LANES
#define SEGMENT 1024       // what has no rows is summed by segments of this length, then over their sums as one row

// The row of this half-warp and the lane within it. A half-warp leaves or stays as one, and names only itself in
// shuffles.
__device__ __forceinline__ int row_of_thread() {
    return (int)(blockIdx.x * ROWS_PER_BLOCK + threadIdx.x / LANES);
}

__device__ __forceinline__ int lane_of_thread() {
    return (int)(threadIdx.x % LANES);
}

__device__ __forceinline__ unsigned half_warp() {
    return 0xffffu << (threadIdx.x & LANES);
}

__device__ __forceinline__ double lanes_sum(double sum) {
    for (int step = LANES / 2; step > 0; step /= 2) {
        sum += __shfl_xor_sync(half_warp(), sum, step, LANES);
    }
    return sum;
}

// The larger of two, NaN if either is: fmaxf drops a NaN, and with it the trace of what went wrong.
__device__ __forceinline__ float larger(float a, float b) {
    return a > b || a != a ? a : b;
}

__device__ __forceinline__ float lanes_max(float max) {
    for (int step = LANES / 2; step > 0; step /= 2) {
        max = larger(max, __shfl_xor_sync(half_warp(), max, step, LANES));
    }
    return max;
}
