/*
chain: forward-backward over linear chains in scaled f32: log-partition, marginals, expected transitions

formula      F_t(j) = b_t(j) sum_i F_{t-1}(i) A(i,j),  F_0 = b_0         b_t(j) = exp(score - max of the step)
             r_t(i) = sum_j A(i,j) b_{t+1}(j) r_{t+1}(j),  r_last = 1    A = exp(transitions - max)
             gamma_t(j) = F_t(j) r_t(j) / g_t,  g_t = sum_j F_t(j) r_t(j)
             pairs(i,j) = A(i,j) sum_t F_t(i) w_{t+1}(j),  w = b r / g and the scale of F
             log Z = log sum_j F_last(j) + all maxima - log of all scales
             plan     A and its transpose, max transition, and whether f32 is certain (max - min < limit nats)
             passes   small, warp, block, wide: F and r of each sequence, one direction each
             serve    log Z from both passes; serves what agrees, leaves the others open
             posterior, pairs   gamma and w in the places of r and F; expected transitions
shapes       unary, forward, backward, w (n, steps, states)    transitions (states, states)    matrices (2, states,
             states)    plan (2)    start, end (states) or null    lengths, served (n)    scales (n, steps)
             sums (2, n)    value, exact (n) or null    pairs (n, states, states)
types        f32; maxima of the scores and log Z in f64
launch       chain_plan_f32: block 256, grid 1
             chain_small_f32: block 128, grid ceil(n / 16) x 2
             chain_warp_f32: block 128, grid ceil(n / 4) x 2
             chain_block_f32: block 128, grid n x 2
             chain_wide_f32: block 1024, grid n x 2
             chain_serve_f32: block 128, grid ceil(n / 128)
             chain_posterior_f32: block 128, grid ceil(n * steps / 4)
             chain_pairs_f32: block 16 x 16, grid n x ceil(states / 16) x ceil(states / 16)
ownership    caller owns every buffer; posterior overwrites backward by gamma; all others overwrite what they write
edges        length 0: log Z = 0.  No path: -inf, and 0 for all that follows.  A NaN or +inf score poisons its own
             sequence.  Padding is never read, and zeroed in gamma and w.  -inf transitions are A = 0.
             small: states <= 8; warp: <= 32; block: <= 128; wide: <= 1024
determinism  bitwise from run to run: one thread holds a state, its sum is chains of 16 fused multiply-adds, and no
             sequence sees another; pairs over t ascend in chunks of 64
bytes        passes 8 n steps states each way; posterior 20 n steps states; pairs 8 n steps states per 16 states
versions     1  state per thread: eight lanes, a warp or a block per sequence and direction, both directions at once;
                column of A in registers up to 128 states, in the L2 cache beyond; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.LoopedChain
*/
#include "common/chain.cuh"

#define PASS_BLOCK 128
#define SMALL 8          // states of a sequence that shares its warp with three others
#define MANY 128         // states whose column of A fits the registers of a thread
#define WIDEST 1024
#define CHAIN_TERMS 16   // terms of one chain of fused multiply-adds
#define CHUNK 64         // steps of pairs that are summed in f32 before they join an f64
#define HEADROOM 46      // exponent that the largest number of a step is brought to
#define LN_2 0.6931471805599453

// Scores, and where one sequence stands in them.
struct Chain {
    const float* unary;
    const float* start;
    const float* end;
    int length, steps, states;
    size_t at;  // first element of the sequence
};

// Lanes of one warp that hold one state each, S of them; the column of A that each needs is in its registers.
template <int S>
struct Lanes {
    int j;
    unsigned lanes;
    float column[S];

    __device__ __forceinline__ void read(const float* matrix, int states) {
        j = (int)(threadIdx.x % S);
        lanes = S == WARP ? ~0u : ((1u << (S % WARP)) - 1) << (threadIdx.x & (WARP - S));
#pragma unroll
        for (int i = 0; i < S; i++) column[i] = i < states && j < states ? matrix[i * states + j] : 0.0f;
    }
    __device__ __forceinline__ float dot(float x) const {
        float total = 0.0f;
#pragma unroll
        for (int chain = 0; chain < S; chain += CHAIN_TERMS) {
            float sum = 0.0f;
#pragma unroll
            for (int i = chain; i < S && i < chain + CHAIN_TERMS; i++) {
                sum = __fmaf_rn(__shfl_sync(lanes, x, i, S), column[i], sum);
            }
            total += sum;
        }
        return total;
    }
    template <typename T>
    __device__ __forceinline__ T largest(T x) const {
#pragma unroll
        for (int step = S / 2; step > 0; step /= 2) {
            T other = __shfl_xor_sync(lanes, x, step, S);
            x = other > x ? other : x;
        }
        return x;
    }
    __device__ __forceinline__ double sum(double x) const {
#pragma unroll
        for (int step = S / 2; step > 0; step /= 2) x += __shfl_xor_sync(lanes, x, step, S);
        return x;
    }
};

// A block that holds one state per thread; the others see its values through shared memory. Columns are in registers
// where REGISTERS > 0 says how many rows they have, else they are read as they are needed.
template <int THREADS, int REGISTERS>
struct Threads {
    int j, states;
    const float* matrix;
    float* shared;  // (THREADS + 2 * warps)
    float column[REGISTERS > 0 ? REGISTERS : 1];

    __device__ __forceinline__ void read(const float* from, int rows, float* buffer) {
        j = (int)threadIdx.x;
        states = rows;
        matrix = from;
        shared = buffer;
#pragma unroll
        for (int i = 0; i < REGISTERS; i++) column[i] = i < states && j < states ? matrix[i * states + j] : 0.0f;
    }
    __device__ __forceinline__ float dot(float x) const {
        __syncthreads();
        shared[j] = x;
        __syncthreads();
        float total = 0.0f;
        if constexpr (REGISTERS > 0) {
#pragma unroll
            for (int chain = 0; chain < REGISTERS; chain += CHAIN_TERMS) {
                float sum = 0.0f;
#pragma unroll
                for (int i = chain; i < chain + CHAIN_TERMS; i++) sum = __fmaf_rn(shared[i], column[i], sum);
                total += sum;
            }
        } else {
            for (int chain = 0; chain < states && j < states; chain += CHAIN_TERMS) {
                float sum = 0.0f;
                int end = min(chain + CHAIN_TERMS, states);
                for (int i = chain; i < end; i++) sum = __fmaf_rn(shared[i], matrix[(size_t)i * states + j], sum);
                total += sum;
            }
        }
        return total;
    }
    template <typename T>
    __device__ __forceinline__ T largest(T x) const {
        return block_max(x, reinterpret_cast<T*>(shared + THREADS));
    }
    __device__ __forceinline__ double sum(double x) const {
        return block_sum(x, reinterpret_cast<double*>(shared + THREADS));
    }
};

// The scale that brings the largest of a step to 2^46: exact, from the bits of its exponent.
template <typename Team>
__device__ __forceinline__ float scale_of(const Team& team, float x) {
    unsigned largest = team.largest(x > 0.0f ? __float_as_uint(x) : 0u);
    return __uint_as_float(min(254u + HEADROOM - (largest >> 23), 254u) << 23);
}

__device__ __forceinline__ int exponent_of(float scale) {
    return (int)(__float_as_uint(scale) >> 23) - 127;
}

// exp(x - max), with what rounding took from the difference put back: its error counts whole in the result.
__device__ __forceinline__ float exp_of_difference(float x, float max) {
    float difference = x - max;
    float seen = difference - x;  // -max, as far as the difference has it
    float lost = (x - (difference - seen)) + (-max - seen);
    float p = portable_exp(difference);
    return difference > -104.0f ? __fmaf_rn(p, lost, p) : p;
}

// b_t of this thread's state; what was subtracted is added to `maxima`.
template <typename Team>
__device__ __forceinline__ float emit(const Team& team, const Chain& c, int t, double& maxima) {
    bool own = team.j < c.states;
    float score = own ? c.unary[c.at + (size_t)t * c.states + team.j] : -INFINITY;
    for (int edge = 0; edge < 2; edge++) {
        const float* scores = edge == 0 ? c.start : c.end;
        if (!scores || t != (edge == 0 ? 0 : c.length - 1)) continue;
        // Both less their maxima, so that large ones do not cost the digits of the others.
        float more = own ? scores[team.j] : -INFINITY;
        float max = team.largest(score);
        float max_more = team.largest(more);
        max = max == -INFINITY ? 0.0f : max;
        max_more = max_more == -INFINITY ? 0.0f : max_more;
        score = (float)((double)score - max + ((double)more - max_more));
        maxima += (double)max + max_more;
    }
    float max = team.largest(score);
    max = max == -INFINITY ? 0.0f : max;
    maxima += max;
    return exp_of_difference(score, max);
}

// One direction over one sequence: F and its scales, or r and what its predecessors see; and log Z as it sees it.
template <typename Team>
__device__ __forceinline__ double pass(const Team& team, const Chain& c, int backwards, float max_transition,
                                       float* x, float* w, float* scales) {
    if (c.length == 0) return 0.0;
    double maxima = (c.length - 1) * (double)max_transition;
    int exponent = 0;
    float y = 1.0f, b = 1.0f, scale = 1.0f;
    if (c.length == 1) maxima = 0.0;
    for (int k = 0; k < c.length; k++) {
        int t = backwards ? c.length - 1 - k : k;
        float seen = b * y;
        b = emit(team, c, t, maxima);
        if (k == 0) {
            y = backwards ? 1.0f : b;
        } else {
            exponent += exponent_of(scale);
            y = backwards ? team.dot(seen * scale) : team.dot(y) * (b * scale);
        }
        scale = scale_of(team, team.j < c.states ? y : 0.0f);
        if (team.j < c.states) {
            size_t e = c.at + (size_t)t * c.states + team.j;
            x[e] = y;
            if (backwards) w[e] = b * y;
        }
        if (!backwards && team.j == 0) scales[t] = scale;
    }
    double sum = team.sum(team.j < c.states ? (double)(backwards ? b * y : y) : 0.0);
    return portable64_log(sum) - exponent * LN_2 + maxima;
}

extern "C" __global__ void __launch_bounds__(256)
chain_plan_f32(const float* __restrict__ transitions,  // (states, states)
               float* __restrict__ matrices,           // (2, states, states)
               float* __restrict__ plan,               // (2)
               int states, float limit, int force) {
    __shared__ float cells[256 / WARP];
    size_t square = (size_t)states * states;
    float max = -INFINITY, min = INFINITY;
    bool bad = false;
    for (size_t e = threadIdx.x; e < square; e += blockDim.x) {
        float score = transitions[e];
        max = score > max ? score : max;
        min = score < min ? score : min;
        bad |= !(score > -INFINITY);
    }
    max = block_max(max, cells);
    min = -block_max(-min, cells);
    bad = __syncthreads_or(bad);
    float shift = max == -INFINITY ? 0.0f : max;
    for (size_t e = threadIdx.x; e < square; e += blockDim.x) {
        float a = (float)portable64_exp((double)transitions[e] - shift);
        matrices[e] = a;
        matrices[square + e % states * states + e / states] = a;
    }
    if (threadIdx.x == 0) {
        plan[0] = shift;
        plan[1] = force || (!bad && max - min < limit) ? 1.0f : 0.0f;
    }
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_small_f32(const float* __restrict__ unary,     // (n, steps, states)
                const float* __restrict__ matrices,  // (2, states, states)
                const float* __restrict__ plan,      // (2)
                const float* __restrict__ start,     // (states) or null
                const float* __restrict__ end,       // (states) or null
                const int* __restrict__ lengths,     // (n)
                float* __restrict__ forward,         // (n, steps, states)
                float* __restrict__ backward,        // (n, steps, states)
                float* __restrict__ w,               // (n, steps, states)
                float* __restrict__ scales,          // (n, steps)
                double* __restrict__ sums,           // (2, n)
                int n, int steps, int states) {
    int q = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / SMALL);
    if (q >= n || plan[1] == 0.0f) return;

    int backwards = (int)blockIdx.y;
    Lanes<SMALL> team;
    team.read(matrices + (size_t)backwards * states * states, states);
    Chain c = {unary, start, end, chain_length(lengths, q, steps), steps, states, (size_t)q * steps * states};
    double sum = pass(team, c, backwards, plan[0], backwards ? backward : forward, w, scales + (size_t)q * steps);
    if (team.j == 0) sums[(size_t)backwards * n + q] = sum;
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_warp_f32(const float* __restrict__ unary,     // (n, steps, states)
               const float* __restrict__ matrices,  // (2, states, states)
               const float* __restrict__ plan,      // (2)
               const float* __restrict__ start,     // (states) or null
               const float* __restrict__ end,       // (states) or null
               const int* __restrict__ lengths,     // (n)
               float* __restrict__ forward,         // (n, steps, states)
               float* __restrict__ backward,        // (n, steps, states)
               float* __restrict__ w,               // (n, steps, states)
               float* __restrict__ scales,          // (n, steps)
               double* __restrict__ sums,           // (2, n)
               int n, int steps, int states) {
    int q = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / WARP);
    if (q >= n || plan[1] == 0.0f) return;

    int backwards = (int)blockIdx.y;
    Lanes<WARP> team;
    team.read(matrices + (size_t)backwards * states * states, states);
    Chain c = {unary, start, end, chain_length(lengths, q, steps), steps, states, (size_t)q * steps * states};
    double sum = pass(team, c, backwards, plan[0], backwards ? backward : forward, w, scales + (size_t)q * steps);
    if (team.j == 0) sums[(size_t)backwards * n + q] = sum;
}

extern "C" __global__ void __launch_bounds__(MANY)
chain_block_f32(const float* __restrict__ unary,     // (n, steps, states)
                const float* __restrict__ matrices,  // (2, states, states)
                const float* __restrict__ plan,      // (2)
                const float* __restrict__ start,     // (states) or null
                const float* __restrict__ end,       // (states) or null
                const int* __restrict__ lengths,     // (n)
                float* __restrict__ forward,         // (n, steps, states)
                float* __restrict__ backward,        // (n, steps, states)
                float* __restrict__ w,               // (n, steps, states)
                float* __restrict__ scales,          // (n, steps)
                double* __restrict__ sums,           // (2, n)
                int n, int steps, int states) {
    __shared__ __align__(16) float buffer[MANY + 2 * MANY / WARP];
    int q = (int)blockIdx.x;
    if (q >= n || plan[1] == 0.0f) return;

    int backwards = (int)blockIdx.y;
    Threads<MANY, MANY> team;
    team.read(matrices + (size_t)backwards * states * states, states, buffer);
    Chain c = {unary, start, end, chain_length(lengths, q, steps), steps, states, (size_t)q * steps * states};
    double sum = pass(team, c, backwards, plan[0], backwards ? backward : forward, w, scales + (size_t)q * steps);
    if (team.j == 0) sums[(size_t)backwards * n + q] = sum;
}

extern "C" __global__ void __launch_bounds__(WIDEST)
chain_wide_f32(const float* __restrict__ unary,     // (n, steps, states)
               const float* __restrict__ matrices,  // (2, states, states)
               const float* __restrict__ plan,      // (2)
               const float* __restrict__ start,     // (states) or null
               const float* __restrict__ end,       // (states) or null
               const int* __restrict__ lengths,     // (n)
               float* __restrict__ forward,         // (n, steps, states)
               float* __restrict__ backward,        // (n, steps, states)
               float* __restrict__ w,               // (n, steps, states)
               float* __restrict__ scales,          // (n, steps)
               double* __restrict__ sums,           // (2, n)
               int n, int steps, int states) {
    __shared__ __align__(16) float buffer[WIDEST + 2 * WIDEST / WARP];
    int q = (int)blockIdx.x;
    if (q >= n || plan[1] == 0.0f) return;

    int backwards = (int)blockIdx.y;
    Threads<WIDEST, 0> team;
    team.read(matrices + (size_t)backwards * states * states, states, buffer);
    Chain c = {unary, start, end, chain_length(lengths, q, steps), steps, states, (size_t)q * steps * states};
    double sum = pass(team, c, backwards, plan[0], backwards ? backward : forward, w, scales + (size_t)q * steps);
    if (team.j == 0) sums[(size_t)backwards * n + q] = sum;
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_serve_f32(const float* __restrict__ plan,   // (2)
                const double* __restrict__ sums,  // (2, n)
                const int* __restrict__ lengths,  // (n)
                float* __restrict__ value,        // (n) or null
                double* __restrict__ exact,       // (n) or null
                int* __restrict__ served,         // (n)
                int n, int steps, int force) {
    int q = (int)(blockIdx.x * PASS_BLOCK + threadIdx.x);
    if (q >= n) return;

    served[q] = CHAIN_OPEN;
    if (plan[1] == 0.0f) return;
    double forward = sums[q];
    double allowed = 1e-4 + 2e-7 * chain_length(lengths, q, steps);
    if (!force && !(fabs(forward - sums[n + q]) <= allowed)) return;
    served[q] = CHAIN_F32;
    if (value) value[q] = (float)forward;
    if (exact) exact[q] = forward;
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_posterior_f32(const float* __restrict__ forward,  // (n, steps, states)
                    float* __restrict__ backward,       // (n, steps, states)
                    float* __restrict__ w,              // (n, steps, states)
                    const float* __restrict__ scales,   // (n, steps)
                    const double* __restrict__ sums,    // (2, n)
                    const int* __restrict__ lengths,    // (n)
                    const int* __restrict__ served,     // (n)
                    int n, int steps, int states) {
    long long row = ((long long)blockIdx.x * PASS_BLOCK + threadIdx.x) / WARP;
    if (row >= (long long)n * steps) return;

    int q = (int)(row / steps), t = (int)(row % steps), lane = (int)(threadIdx.x % WARP);
    size_t from = (size_t)row * states;
    bool live = t < chain_length(lengths, q, steps) && served[q] == CHAIN_F32 && sums[q] != -INFINITY;
    float joint = 0.0f;
    for (int j = lane; live && j < states; j += WARP) joint = __fmaf_rn(forward[from + j], backward[from + j], joint);
    for (int step = WARP / 2; step > 0; step /= 2) joint += __shfl_xor_sync(~0u, joint, step);
    float inverse = 1.0f / joint;
    float before = live && t > 0 ? scales[row - 1] : 1.0f;
    for (int j = lane; j < states; j += WARP) {
        backward[from + j] = live ? forward[from + j] * backward[from + j] * inverse : 0.0f;
        w[from + j] = live ? w[from + j] * inverse * before : 0.0f;
    }
}

extern "C" __global__ void __launch_bounds__(256)
chain_pairs_f32(const float* __restrict__ matrices,  // (2, states, states)
                const float* __restrict__ forward,   // (n, steps, states)
                const float* __restrict__ w,         // (n, steps, states)
                const int* __restrict__ lengths,     // (n)
                const int* __restrict__ served,      // (n)
                float* __restrict__ pairs,           // (n, states, states)
                int n, int steps, int states) {
    __shared__ float left[CHUNK][16];
    __shared__ float right[CHUNK][16];
    int q = (int)blockIdx.x;
    if (served[q] != CHAIN_F32) return;

    int column = (int)(blockIdx.z * 16 + threadIdx.x), row = (int)(blockIdx.y * 16 + threadIdx.y);
    int i = (int)(blockIdx.y * 16 + threadIdx.x);  // the row that this thread fetches of F
    size_t from = (size_t)q * steps * states;
    int last = chain_length(lengths, q, steps) - 1;
    double total = 0.0;
    for (int chunk = 0; chunk < last; chunk += CHUNK) {
        int end = min(CHUNK, last - chunk);
        __syncthreads();
        for (int k = (int)threadIdx.y; k < end; k += 16) {
            size_t t = from + (size_t)(chunk + k) * states;
            left[k][threadIdx.x] = i < states ? forward[t + i] : 0.0f;
            right[k][threadIdx.x] = column < states ? w[t + states + column] : 0.0f;
        }
        __syncthreads();
        float sum = 0.0f;
        for (int k = 0; k < end; k++) sum = __fmaf_rn(left[k][threadIdx.y], right[k][threadIdx.x], sum);
        total += sum;
    }
    if (row >= states || column >= states) return;
    size_t e = (size_t)row * states + column;
    pairs[(size_t)q * states * states + e] = (float)(matrices[e] * total);
}
