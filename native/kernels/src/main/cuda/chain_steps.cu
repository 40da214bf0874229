/*
chain_steps: forward-backward in scaled f32 over linear chains that have a matrix of transitions for every step

formula      as chain, with A_t = exp(transitions_t - peak_t)
             peaks    the largest score of each matrix, and its spread: max - min; +inf if one is -inf or NaN
             passes   warp, block, wide: F and r of each sequence, one direction each, where f32 is certain: all spreads
                      of the sequence < limit nats
             pairs    xi_t(i,j) = A_t(i,j) F_t(i) w_{t+1}(j), of w that chain_posterior has divided by g
shapes       unary, forward, backward, w (n, steps, states)    transitions, pairs (n, steps - 1, states, states)
             peaks, spreads (matrices), matrices = n (steps - 1)    start, end (states) or null    lengths, served (n)
             sums (2, n)
types        f32; log Z in f64
launch       chain_peaks_f32: block 128, grid matrices
             chain_steps_warp_f32: block 128, grid ceil(n / 4) x 2
             chain_steps_block_f32: block 128, grid n x 2
             chain_steps_wide_f32: block 1024, grid n x 2
             chain_steps_pairs_f32: block 128, grid ceil(elements / 128)
ownership    caller owns every buffer; all overwrite what they write
edges        as chain; without a certificate the sums are NaN.  Padding is never read; pairs: zero there.
             warp: states <= 32; block: <= 128; wide: <= 1024
determinism  bitwise from run to run: one thread holds a state, its sum is chains of 16 fused multiply-adds, and no
             sequence sees another
bytes        peaks 4 n steps states^2; passes the same twice, and 8 n steps states each way; pairs 8 n steps states^2
versions     1  a weight is made of its score where it is needed, in either direction; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.LoopedSteps
*/
#include "common/chain_pass.cuh"

#define ELEMENTS_BLOCK 128

// The matrices of one sequence, as one direction sees them.
struct StepMatrices {
    const float* scores;  // of the first step
    const float* peaks;
    int states, down, across;
    const float* now;
    float peak;

    __device__ __forceinline__ void enter(int t) {
        now = scores + (size_t)t * states * states;
        peak = peaks[t];
    }
    __device__ __forceinline__ float weight(int i, int j) const {
        return exp_of_difference(now[(size_t)i * down + (size_t)min(j, states - 1) * across], peak);
    }
    __device__ __forceinline__ double shift(int length) const {
        double sum = 0.0;
        for (int t = 0; t < length - 1; t++) sum += peaks[t];
        return sum;
    }
};

// A warp, one state a lane.
struct StepLanes : Lanes<WARP> {
    StepMatrices matrices;

    __device__ __forceinline__ void enter(int t) { matrices.enter(t); }
    __device__ __forceinline__ double shift(int length) const { return matrices.shift(length); }
    __device__ __forceinline__ float dot(float x) const {
        float total = 0.0f;
        for (int chain = 0; chain < matrices.states; chain += CHAIN_TERMS) {
            float sum = 0.0f;
            int end = min(chain + CHAIN_TERMS, matrices.states);
            for (int i = chain; i < end; i++) {
                sum = __fmaf_rn(__shfl_sync(lanes, x, i), matrices.weight(i, j), sum);
            }
            total += sum;
        }
        return total;
    }
};

// A block, one state a thread.
template <int THREADS>
struct StepThreads : Threads<THREADS, 0> {
    StepMatrices matrices;

    __device__ __forceinline__ void enter(int t) { matrices.enter(t); }
    __device__ __forceinline__ double shift(int length) const { return matrices.shift(length); }
    __device__ __forceinline__ float dot(float x) const {
        __syncthreads();
        this->shared[this->j] = x;
        __syncthreads();
        float total = 0.0f;
        for (int chain = 0; chain < matrices.states && this->j < matrices.states; chain += CHAIN_TERMS) {
            float sum = 0.0f;
            int end = min(chain + CHAIN_TERMS, matrices.states);
            for (int i = chain; i < end; i++) sum = __fmaf_rn(this->shared[i], matrices.weight(i, this->j), sum);
            total += sum;
        }
        return total;
    }
};

__device__ __forceinline__ StepMatrices matrices_of(const float* transitions, const float* peaks, int q, int steps,
                                                    int states, int backwards) {
    size_t first = (size_t)q * (steps - 1);
    int down = backwards ? 1 : states, across = backwards ? states : 1;
    return {transitions + first * states * states, peaks + first, states, down, across, nullptr, 0.0f};
}

// Whether f32 is certain to be right for a sequence.
__device__ __forceinline__ bool certain(const float* spreads, int q, int length, int steps, float limit, int force) {
    bool all = true;
    for (int t = 0; t < length - 1; t++) all &= spreads[(size_t)q * (steps - 1) + t] < limit;
    return all || force;
}

// A sequence's pass in the direction of this block, where f32 is certain to be right; else its sum is NaN.
template <typename Team>
__device__ __forceinline__ void pass_steps(Team team, const float* unary, const float* transitions, const float* peaks,
                                           const float* spreads, const float* start, const float* end,
                                           const int* lengths, float* forward, float* backward, float* w, double* sums,
                                           int q, int n, int steps, int states, float limit, int force) {
    int backwards = (int)blockIdx.y;
    Chain c = chain_of(unary, start, end, lengths, q, n, steps, states);
    team.matrices = matrices_of(transitions, peaks, q, steps, states, backwards);
    bool all = certain(spreads, q, c.length, steps, limit, force);
    double sum = all ? pass(team, c, backwards, backwards ? backward : forward, w) : (double)NAN;
    if (team.j == 0) sums[(size_t)backwards * n + q] = sum;
}

extern "C" __global__ void __launch_bounds__(ELEMENTS_BLOCK)
chain_peaks_f32(const float* __restrict__ transitions,  // (n, steps - 1, states, states)
                const int* __restrict__ lengths,        // (n)
                float* __restrict__ peaks,              // (matrices)
                float* __restrict__ spreads,            // (matrices)
                int matrices, int steps, int states) {
    __shared__ float cells[ELEMENTS_BLOCK / WARP];
    int m = (int)blockIdx.x;
    if (m >= matrices || m % (steps - 1) >= chain_length(lengths, m / (steps - 1), steps) - 1) return;

    size_t square = (size_t)states * states;
    float max = -INFINITY, min = INFINITY;
    bool bad = false;
    for (size_t e = threadIdx.x; e < square; e += ELEMENTS_BLOCK) {
        float score = transitions[m * square + e];
        max = score > max ? score : max;
        min = score < min ? score : min;
        bad |= !(score > -INFINITY);
    }
    max = block_max(max, cells);
    min = -block_max(-min, cells);
    bad = __syncthreads_or(bad);
    if (threadIdx.x > 0) return;
    peaks[m] = max == -INFINITY ? 0.0f : max;
    spreads[m] = bad ? INFINITY : max - min;
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_steps_warp_f32(const float* __restrict__ unary,        // (n, steps, states)
                     const float* __restrict__ transitions,  // (n, steps - 1, states, states)
                     const float* __restrict__ peaks,        // (matrices)
                     const float* __restrict__ spreads,      // (matrices)
                     const float* __restrict__ start,        // (states) or null
                     const float* __restrict__ end,          // (states) or null
                     const int* __restrict__ lengths,        // (n)
                     float* __restrict__ forward,            // (n, steps, states)
                     float* __restrict__ backward,           // (n, steps, states)
                     float* __restrict__ w,                  // (n, steps, states)
                     double* __restrict__ sums,              // (2, n)
                     int n, int steps, int states, float limit, int force) {
    int q = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / WARP);
    if (q >= n) return;

    StepLanes team;
    team.join();
    pass_steps(team, unary, transitions, peaks, spreads, start, end, lengths, forward, backward, w, sums, q, n, steps,
               states, limit, force);
}

extern "C" __global__ void __launch_bounds__(MANY)
chain_steps_block_f32(const float* __restrict__ unary,        // (n, steps, states)
                      const float* __restrict__ transitions,  // (n, steps - 1, states, states)
                      const float* __restrict__ peaks,        // (matrices)
                      const float* __restrict__ spreads,      // (matrices)
                      const float* __restrict__ start,        // (states) or null
                      const float* __restrict__ end,          // (states) or null
                      const int* __restrict__ lengths,        // (n)
                      float* __restrict__ forward,            // (n, steps, states)
                      float* __restrict__ backward,           // (n, steps, states)
                      float* __restrict__ w,                  // (n, steps, states)
                      double* __restrict__ sums,              // (2, n)
                      int n, int steps, int states, float limit, int force) {
    __shared__ __align__(16) float buffer[MANY + 2 * MANY / WARP];
    int q = (int)blockIdx.x;
    if (q >= n) return;

    StepThreads<MANY> team;
    team.join(buffer);
    pass_steps(team, unary, transitions, peaks, spreads, start, end, lengths, forward, backward, w, sums, q, n, steps,
               states, limit, force);
}

extern "C" __global__ void __launch_bounds__(WIDEST)
chain_steps_wide_f32(const float* __restrict__ unary,        // (n, steps, states)
                     const float* __restrict__ transitions,  // (n, steps - 1, states, states)
                     const float* __restrict__ peaks,        // (matrices)
                     const float* __restrict__ spreads,      // (matrices)
                     const float* __restrict__ start,        // (states) or null
                     const float* __restrict__ end,          // (states) or null
                     const int* __restrict__ lengths,        // (n)
                     float* __restrict__ forward,            // (n, steps, states)
                     float* __restrict__ backward,           // (n, steps, states)
                     float* __restrict__ w,                  // (n, steps, states)
                     double* __restrict__ sums,              // (2, n)
                     int n, int steps, int states, float limit, int force) {
    __shared__ __align__(16) float buffer[WIDEST + 2 * WIDEST / WARP];
    int q = (int)blockIdx.x;
    if (q >= n) return;

    StepThreads<WIDEST> team;
    team.join(buffer);
    pass_steps(team, unary, transitions, peaks, spreads, start, end, lengths, forward, backward, w, sums, q, n, steps,
               states, limit, force);
}

extern "C" __global__ void __launch_bounds__(ELEMENTS_BLOCK)
chain_steps_pairs_f32(const float* __restrict__ transitions,  // (n, steps - 1, states, states)
                      const float* __restrict__ peaks,        // (matrices)
                      const float* __restrict__ forward,      // (n, steps, states)
                      const float* __restrict__ w,            // (n, steps, states)
                      const double* __restrict__ sums,        // (2, n)
                      const int* __restrict__ lengths,        // (n)
                      const int* __restrict__ served,         // (n)
                      float* __restrict__ pairs,              // (n, steps - 1, states, states)
                      long long elements, int steps, int states) {
    long long e = (long long)blockIdx.x * ELEMENTS_BLOCK + threadIdx.x;
    if (e >= elements) return;

    long long m = e / states / states;
    int q = (int)(m / (steps - 1)), t = (int)(m % (steps - 1));
    if (!in_f32(served[q])) return;
    int i = (int)(e / states % states), j = (int)(e % states);
    size_t row = ((size_t)q * steps + t) * states;
    bool live = t < chain_length(lengths, q, steps) - 1 && sums[q] != -INFINITY;
    pairs[e] = live ? exp_of_difference(transitions[e], peaks[m]) * forward[row + i] * w[row + states + j] : 0.0f;
}
