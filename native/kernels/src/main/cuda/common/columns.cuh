// Sums over the columns of a matrix in the order of common/rows.cuh: a block has 32 columns, and thread (x, y) is
// accumulator y of column x.
#pragma once

#include "rows.cuh"

#define COLUMNS 32  // columns of one block

// The sum of what the accumulators of a column hold, for the thread whose y is 0; the others may not look, no barrier
// follows the last addition. All threads of the block come here.
__device__ __forceinline__ double column_sum(double sum, double (*sums)[COLUMNS]) {
    sums[threadIdx.y][threadIdx.x] = sum;
    for (int step = LANES / 2; step > 0; step /= 2) {
        __syncthreads();
        if ((int)threadIdx.y < step) sums[threadIdx.y][threadIdx.x] += sums[threadIdx.y + step][threadIdx.x];
    }
    return threadIdx.y == 0 ? sums[0][threadIdx.x] : 0.0;
}
