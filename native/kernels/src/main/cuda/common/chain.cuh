// What the kernels of linear chains share: the scores of one sequence, and teams of threads that hold one state each.
#pragma once

#include "portable.cuh"
#include "portable64.cuh"

#define WARP 32

// What has served a sequence: ordinals of dev.elbo.runtime.chain.Form.
#define CHAIN_OPEN 0  // nothing yet
#define CHAIN_F32 1
#define CHAIN_F64 2
#define CHAIN_LOGS 3
#define CHAIN_SCAN 4
#define CHAIN_TILES 5
#define CHAIN_CLUSTERS 6

// Whether what is kept of a sequence is scaled f32.
__device__ __forceinline__ bool in_f32(int served) {
    return served != CHAIN_OPEN && served != CHAIN_F64 && served != CHAIN_LOGS;
}

// The steps that a sequence has: its length, held to what there is room for.
__device__ __forceinline__ int chain_length(const int* lengths, int q, int steps) {
    return max(0, min(lengths[q], steps));
}

// The unary score of a state in f64, with start and end.
__device__ __forceinline__ double chain_score(const float* unary, const float* start, const float* end,
                                              long long q, int t, int j, int length, int steps, int states) {
    double score = unary[(q * steps + t) * states + j];
    if (t == 0 && start) score += start[j];
    if (t == length - 1 && end) score += end[j];
    return score;
}

// The matrix of transitions between t and t + 1.
__device__ __forceinline__ const float* chain_matrix(const float* transitions, long long q, int t, int steps,
                                                     int states, int per_step) {
    return per_step ? transitions + (q * (steps - 1) + t) * states * states : transitions;
}

// Everything about one sequence that kernels in f64 read.
struct Sequence {
    const float* unary;
    const float* transitions;
    const float* start;
    const float* end;
    long long q;
    int length, steps, states, per_step;

    __device__ __forceinline__ double score(int t, int j) const {
        return chain_score(unary, start, end, q, t, j, length, steps, states);
    }
    __device__ __forceinline__ double transition(int t, int i, int j) const {
        return chain_matrix(transitions, q, t, steps, states, per_step)[(long long)i * states + j];
    }
    __device__ __forceinline__ long long row(int t) const { return (q * steps + t) * states; }
};

// Exponent of a positive number.
__device__ __forceinline__ int exponent64_of(double x) {
    return (int)(__double_as_longlong(x) >> 52) - 1023;
}

// Sums and maxima over all threads of a block, which all of them must join and all of which get the result. The order
// is fixed. `cells` holds one number per warp.
template <typename T>
__device__ __forceinline__ T block_sum(T x, T* cells) {
    for (int step = WARP / 2; step > 0; step /= 2) x += __shfl_xor_sync(~0u, x, step);
    __syncthreads();
    if (threadIdx.x % WARP == 0) cells[threadIdx.x / WARP] = x;
    __syncthreads();
    x = cells[0];
    for (int w = 1; w < (int)(blockDim.x / WARP); w++) x += cells[w];
    return x;
}

template <typename T>
__device__ __forceinline__ T block_max(T x, T* cells) {
    for (int step = WARP / 2; step > 0; step /= 2) {
        T other = __shfl_xor_sync(~0u, x, step);
        x = other > x ? other : x;
    }
    __syncthreads();
    if (threadIdx.x % WARP == 0) cells[threadIdx.x / WARP] = x;
    __syncthreads();
    x = cells[0];
    for (int w = 1; w < (int)(blockDim.x / WARP); w++) x = cells[w] > x ? cells[w] : x;
    return x;
}
