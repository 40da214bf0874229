// The normaliser of a row, for log-sum-exp, softmax and the categorical: maximum first, then the sum, in the row order.
#pragma once

#include "portable.cuh"
#include "rows.cuh"

// max_j x[j] and sum_j exp(x[j] - max) of a row that a half-warp shares, the same in all lanes. A row without a finite
// element has sum 0 if all are -inf or there is none, NaN if one is +inf or NaN.
struct Normaliser {
    float max;
    double sum;
};

__device__ __forceinline__ Normaliser normaliser(const float* x, int cols) {
    float max = -INFINITY;
    for (int j = lane_of_thread(); j < cols; j += LANES) max = larger(max, x[j]);
    max = lanes_max(max);
    if (max == -INFINITY) return {max, 0.0};
    double sum = 0.0;
    for (int j = lane_of_thread(); j < cols; j += LANES) sum += (double)portable_exp(x[j] - max);
    return {max, lanes_sum(sum)};
}

// log sum_j exp x[j], -inf for a row of sum 0.
__device__ __forceinline__ float log_of(Normaliser n) {
    return n.max + portable_log((float)n.sum);
}
