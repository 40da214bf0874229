/*
chain_scaled: forward-backward over linear chains in scaled f64, which watches every number it makes

formula      F_t(j) = b_t(j) sum_i F_{t-1}(i) A(i,j),  F_0 = b_0         b_t(j) = exp(score - max of the step)
             r_t(i) = sum_j A(i,j) w_{t+1}(j),  r_last = 1               w = b r,  A = exp(transitions - max)
             weights  A and its transpose, of a shared matrix
             passes   F, r and w, every step scaled to have its largest in [1, 2); r by 2^-out
             watch    g_t = sum_j F_t(j) r_t(j); lost: a state that the scores allow and whose number is below 2^-1000,
                      or such a g
             serve    log Z = log sum_j F_last(j) + all maxima + log of all scales, of sequences that have lost nothing
             marginals, pairs   gamma_t = F r / g,  xi_t(i,j) = A(i,j) F_t(i) w_{t+1}(j) 2^-out / g_t
shapes       unary, w, marginals (n, steps, states)    values (2, n, steps, states): F and r    transitions (states,
             states), or (n, steps - 1, states, states) if per_step    weights (2, states, states), if shared
             peaks (n, steps - 1) if per_step, else (1): largest score of each matrix    start, end (states) or null
             outs, joints (n, steps)    lost (2, n, steps): of forward pass and watch    lengths, served, log_z (n)
             value, exact (n) or null    pairs (n, outer, states, states), outer = 1 for sums over the steps, steps - 1
             if per_step
types        f32 scores and results; f64 in between; i32 exponents
launch       chain_weights_f64: block 128, grid 1
             chain_scaled_f64: block 128, grid n x directions
             chain_watch_f64: block 128, grid ceil(n * steps / 4)
             chain_scaled_serve_f64: block 128, grid n
             chain_scaled_marginals_f64: block 128, grid ceil(n * steps * states / 128)
             chain_scaled_pairs_f64: block 128, grid ceil(n * outer * states * states / 128)
ownership    caller owns every buffer; sequences that another form has served are left as they are; all others are
             overwritten, padding with 0; directions = 1 where nobody asks for gradients, and then there is no watch
edges        length 0: log Z = 0.  No path: log Z = -inf, marginals and pairs 0.  A NaN or +inf score poisons its own
             sequence.  Padding is never read.  states <= 1024
determinism  bitwise from run to run: one thread per state, sums ascending
bytes        passes 24 n steps states, and weights from the cache at every step
versions     1  a block per sequence and direction; weights of matrices per step are made of their scores where they are
                needed; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.ScaledSequence
*/
#include "common/chain.cuh"

#define SCALED_BLOCK 128
#define WIDEST 1024  // states
#define LEAST 0x1p-1000
#define LN_2 0.6931471805599453

// Exponent of the largest number of a step; 0 if that is 0 or no number.
__device__ __forceinline__ int exponent_of_largest(double x) {
    return x > 0.0 && x < INFINITY ? exponent64_of(x) : 0;
}

// The matrices of one sequence.
struct Weights {
    const double* shared;  // (2, states, states), or null
    const float* peaks;

    __device__ __forceinline__ double peak(const Sequence& c, int t) const {
        return peaks[c.per_step ? c.q * (c.steps - 1) + t : 0];
    }
    __device__ __forceinline__ double at(const Sequence& c, int t, int i, int j, int backwards) const {
        if (c.per_step) return portable64_exp(c.transition(t, i, j) - peak(c, t));
        return backwards ? shared[((size_t)c.states + j) * c.states + i] : shared[(size_t)i * c.states + j];
    }
};

// Whether the scores allow state j at t after one that lives before.
__device__ __forceinline__ bool reached(const Sequence& c, int t, int j, const double* before) {
    if (!(c.score(t, j) > -INFINITY)) return false;
    bool any = t == 0;
    for (int i = 0; i < c.states && !any; i++) any = before[i] > 0.0 && c.transition(t - 1, i, j) > -INFINITY;
    return any;
}

// Whether the scores lead from state i at t to one that leads to the end.
__device__ __forceinline__ bool leads(const Sequence& c, int t, int i, const double* after) {
    bool any = false;
    for (int j = 0; j < c.states && !any; j++) {
        any = after[j] > 0.0 && c.transition(t, i, j) > -INFINITY && c.score(t + 1, j) > -INFINITY;
    }
    return any;
}

extern "C" __global__ void __launch_bounds__(SCALED_BLOCK)
chain_weights_f64(const float* __restrict__ transitions,  // (states, states)
                  double* __restrict__ weights,           // (2, states, states)
                  float* __restrict__ peaks,              // (1)
                  int states) {
    __shared__ float cells[SCALED_BLOCK / WARP];
    size_t square = (size_t)states * states;
    float max = -INFINITY;
    for (size_t e = threadIdx.x; e < square; e += SCALED_BLOCK) max = transitions[e] > max ? transitions[e] : max;
    max = block_max(max, cells);
    max = max == -INFINITY ? 0.0f : max;
    for (size_t e = threadIdx.x; e < square; e += SCALED_BLOCK) {
        double a = portable64_exp((double)transitions[e] - max);
        weights[e] = a;
        weights[square + e % states * states + e / states] = a;
    }
    if (threadIdx.x == 0) peaks[0] = max;
}

extern "C" __global__ void __launch_bounds__(SCALED_BLOCK)
chain_scaled_f64(const float* __restrict__ unary,        // (n, steps, states)
                 const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
                 const double* __restrict__ weights,     // (2, states, states) or null
                 const float* __restrict__ peaks,        // (1) or (n, steps - 1)
                 const float* __restrict__ start,        // (states) or null
                 const float* __restrict__ end,          // (states) or null
                 const int* __restrict__ lengths,        // (n)
                 const int* __restrict__ served,         // (n) or null
                 double* __restrict__ values,            // (2, n, steps, states)
                 double* __restrict__ w,                 // (n, steps, states)
                 int* __restrict__ outs,                 // (n, steps)
                 int* __restrict__ lost,                 // (2, n, steps)
                 double* __restrict__ log_z,             // (n)
                 int n, int steps, int states, int per_step, int directions) {
    __shared__ double row[WIDEST];
    __shared__ double cells[SCALED_BLOCK / WARP];
    int q = (int)blockIdx.x, backwards = (int)blockIdx.y;
    if (served && served[q] != CHAIN_OPEN) return;

    Sequence c = {unary, transitions, start, end, q, chain_length(lengths, q, steps), steps, states, per_step};
    Weights a = {weights, peaks};
    double* x = values + (size_t)backwards * n * steps * states;
    double maxima = 0.0, sum = 0.0;
    long long exponent = 0;
    for (int k = 0; k < c.length; k++) {
        int t = backwards ? c.length - 1 - k : k;
        double max = -INFINITY, largest = 0.0;
        for (int j = (int)threadIdx.x; j < states; j += SCALED_BLOCK) max = fmax(max, c.score(t, j));
        max = block_max(max, cells);
        max = max == -INFINITY ? 0.0 : max;
        maxima += max + (k > 0 ? a.peak(c, backwards ? t : t - 1) : 0.0);
        bool gone = false;
        for (int j = (int)threadIdx.x; j < states; j += SCALED_BLOCK) {
            double y = k > 0 ? 0.0 : 1.0;
            for (int i = 0; i < states && k > 0; i++) {
                y = __fma_rn(row[i], backwards ? a.at(c, t, j, i, 1) : a.at(c, t - 1, i, j, 0), y);
            }
            if (!backwards) y *= portable64_exp(c.score(t, j) - max);
            gone |= !backwards && !(y >= LEAST) && reached(c, t, j, row);
            x[c.row(t) + j] = y;
            largest = y > largest ? y : largest;
        }
        int out = exponent_of_largest(block_max(largest, cells));
        gone = __syncthreads_or(gone);
        exponent += out;
        sum = 0.0;
        for (int j = (int)threadIdx.x; j < states; j += SCALED_BLOCK) {
            double y = x[c.row(t) + j] * portable64_power_of_two(-out);
            x[c.row(t) + j] = y;
            row[j] = backwards ? portable64_exp(c.score(t, j) - max) * y : y;
            if (backwards) w[c.row(t) + j] = row[j];
            sum += row[j];
        }
        if (threadIdx.x == 0) (backwards ? outs : lost)[c.q * steps + t] = backwards ? out : gone;
    }
    sum = block_sum(sum, cells);
    if (threadIdx.x > 0 || backwards) return;
    log_z[q] = c.length == 0 ? 0.0 : portable64_log(sum) + exponent * LN_2 + maxima;
}

extern "C" __global__ void __launch_bounds__(SCALED_BLOCK)
chain_watch_f64(const float* __restrict__ unary,        // (n, steps, states)
                const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
                const float* __restrict__ start,        // (states) or null
                const float* __restrict__ end,          // (states) or null
                const int* __restrict__ lengths,        // (n)
                const int* __restrict__ served,         // (n) or null
                const double* __restrict__ values,      // (2, n, steps, states)
                const int* __restrict__ outs,           // (n, steps)
                double* __restrict__ joints,            // (n, steps)
                int* __restrict__ lost,                 // (2, n, steps)
                int n, int steps, int states, int per_step) {
    long long place = ((long long)blockIdx.x * SCALED_BLOCK + threadIdx.x) / WARP, rows = (long long)n * steps;
    if (place >= rows || (served && served[place / steps] != CHAIN_OPEN)) return;

    int q = (int)(place / steps), t = (int)(place % steps), lane = (int)(threadIdx.x % WARP);
    Sequence c = {unary, transitions, start, end, q, chain_length(lengths, q, steps), steps, states, per_step};
    if (t >= c.length) return;
    const double* f = values + c.row(t);
    const double* r = f + rows * states;
    double joint = 0.0;
    bool gone = false;
    for (int i = lane; i < states; i += WARP) {
        bool low = !(r[i] >= LEAST * portable64_power_of_two(-outs[place]));
        gone |= t < c.length - 1 && low && f[i] > 0.0 && leads(c, t, i, r + states);
        joint += f[i] * r[i];
    }
    for (int step = WARP / 2; step > 0; step /= 2) joint += __shfl_xor_sync(~0u, joint, step);
    gone = __any_sync(~0u, gone || (t < c.length - 1 && joint < LEAST));
    if (lane > 0) return;
    joints[place] = joint;
    lost[rows + place] = gone;
}

extern "C" __global__ void __launch_bounds__(SCALED_BLOCK)
chain_scaled_serve_f64(const double* __restrict__ log_z,  // (n)
                       const int* __restrict__ lost,      // (2, n, steps)
                       const int* __restrict__ lengths,   // (n)
                       float* __restrict__ value,         // (n) or null
                       double* __restrict__ exact,        // (n) or null
                       int* __restrict__ served,          // (n)
                       int n, int steps, int directions, int force, int all) {
    int q = (int)blockIdx.x;
    if (!all && served[q] != CHAIN_OPEN) return;

    // Where there is no path at all, what a way back would have lost is none of it.
    int watched = log_z[q] == -INFINITY ? 1 : directions;
    bool gone = false;
    for (int t = (int)threadIdx.x; t < chain_length(lengths, q, steps); t += SCALED_BLOCK) {
        for (int d = 0; d < watched; d++) gone |= lost[((size_t)d * n + q) * steps + t] != 0;
    }
    gone = __syncthreads_or(gone) && !force;
    if (threadIdx.x > 0) return;
    served[q] = gone ? CHAIN_OPEN : CHAIN_F64;
    if (gone) return;
    if (value) value[q] = (float)log_z[q];
    if (exact) exact[q] = log_z[q];
}

extern "C" __global__ void __launch_bounds__(SCALED_BLOCK)
chain_scaled_marginals_f64(const int* __restrict__ lengths,    // (n)
                           const int* __restrict__ served,     // (n)
                           const double* __restrict__ values,  // (2, n, steps, states)
                           const double* __restrict__ joints,  // (n, steps)
                           const double* __restrict__ log_z,   // (n)
                           float* __restrict__ marginals,      // (n, steps, states)
                           int n, int steps, int states) {
    long long e = (long long)blockIdx.x * SCALED_BLOCK + threadIdx.x, backward = (long long)n * steps * states;
    if (e >= backward) return;

    long long place = e / states;
    int q = (int)(place / steps);
    if (served[q] != CHAIN_F64) return;
    bool live = place % steps < chain_length(lengths, q, steps) && log_z[q] != -INFINITY;
    marginals[e] = live ? (float)(values[e] * values[backward + e] / joints[place]) : 0.0f;
}

extern "C" __global__ void __launch_bounds__(SCALED_BLOCK)
chain_scaled_pairs_f64(const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
                       const double* __restrict__ weights,     // (2, states, states) or null
                       const float* __restrict__ peaks,        // (1) or (n, steps - 1)
                       const int* __restrict__ lengths,        // (n)
                       const int* __restrict__ served,         // (n)
                       const double* __restrict__ values,      // (2, n, steps, states)
                       const double* __restrict__ w,           // (n, steps, states)
                       const int* __restrict__ outs,           // (n, steps)
                       const double* __restrict__ joints,      // (n, steps)
                       const double* __restrict__ log_z,       // (n)
                       float* __restrict__ pairs,              // (n, outer, states, states)
                       int n, int outer, int steps, int states, int per_step) {
    long long e = (long long)blockIdx.x * SCALED_BLOCK + threadIdx.x, square = (long long)states * states;
    if (e >= n * outer * square) return;

    int q = (int)(e / square / outer), i = (int)(e % square / states), j = (int)(e % states);
    if (served[q] != CHAIN_F64) return;
    Sequence c = {nullptr, transitions, nullptr, nullptr, q, chain_length(lengths, q, steps), steps, states, per_step};
    Weights a = {weights, peaks};
    int t = per_step ? (int)(e / square % outer) : 0;
    int to = per_step ? min(t + 1, c.length - 1) : c.length - 1;
    double sum = 0.0;
    for (; t < to && log_z[q] != -INFINITY; t++) {
        long long place = c.q * steps + t;
        double left = values[c.row(t) + i] / joints[place];
        sum += left * (a.at(c, t, i, j, 0) * (w[c.row(t + 1) + j] * portable64_power_of_two(-outs[place])));
    }
    pairs[e] = (float)sum;
}
