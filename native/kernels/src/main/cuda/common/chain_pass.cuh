// Passes over one sequence in scaled f32, by teams of threads that hold one state each.
//
// A team knows its matrix of weights (read), or takes one anew at every step (enter); `shift` is what its weights'
// exponents were lowered by over a sequence. Where several threads hold the same state one of them keeps its numbers.
// Both directions do the same: a sum over the states before, times what the step itself emits, every step scaled by a
// power of two.
#pragma once

#include "chain.cuh"

#define PASS_BLOCK 128
#define SMALL 8          // states of a sequence that shares its warp with three others
#define MANY 128         // states whose column of A fits the registers of a thread
#define WIDEST 1024
#define CHAIN_TERMS 16   // terms of one chain of fused multiply-adds
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

__device__ __forceinline__ Chain chain_of(const float* unary, const float* start, const float* end, const int* lengths,
                                          int q, int n, int steps, int states) {
    int length = q < n ? chain_length(lengths, q, steps) : 0;
    return {unary, start, end, length, steps, states, (size_t)q * steps * states};
}

// Lanes of one warp that hold one state each, S of them; the column of A that each needs is in its registers.
template <int S>
struct Lanes {
    int j;
    unsigned lanes;
    float max_transition;
    float column[S];

    __device__ __forceinline__ void join() {
        j = (int)(threadIdx.x % S);
        lanes = S == WARP ? ~0u : ((1u << (S % WARP)) - 1) << (threadIdx.x & (WARP - S));
    }
    __device__ __forceinline__ void read(const float* matrix, int states, float max) {
        join();
        max_transition = max;
#pragma unroll
        for (int i = 0; i < S; i++) column[i] = i < states && j < states ? matrix[i * states + j] : 0.0f;
    }
    __device__ __forceinline__ void enter(int) {}
    __device__ __forceinline__ bool keeps() const { return true; }
    __device__ __forceinline__ double shift(int length) const { return (length - 1) * (double)max_transition; }
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
    float max_transition;
    float column[REGISTERS > 0 ? REGISTERS : 1];

    __device__ __forceinline__ void join(float* buffer) {
        j = (int)threadIdx.x;
        shared = buffer;
    }
    __device__ __forceinline__ void read(const float* from, int rows, float max, float* buffer) {
        join(buffer);
        states = rows;
        max_transition = max;
        matrix = from;
#pragma unroll
        for (int i = 0; i < REGISTERS; i++) column[i] = i < states && j < states ? matrix[i * states + j] : 0.0f;
    }
    __device__ __forceinline__ void enter(int) {}
    __device__ __forceinline__ bool keeps() const { return true; }
    __device__ __forceinline__ double shift(int length) const { return (length - 1) * (double)max_transition; }
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

// The scale that brings the largest of a step, given as its bits, to 2^46: exact, from its exponent.
__device__ __forceinline__ float scale_from(unsigned largest) {
    return __uint_as_float(min(254u + HEADROOM - (largest >> 23), 254u) << 23);
}

template <typename Team>
__device__ __forceinline__ float scale_of(const Team& team, float x) {
    return scale_from(team.largest(x > 0.0f ? __float_as_uint(x) : 0u));
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

// One direction over one sequence: F, or r and what its predecessors see, so that r_{t-1} = A w_t; and log Z as it
// sees it.
template <typename Team>
__device__ __forceinline__ double pass(Team& team, const Chain& c, int backwards, float* x, float* w) {
    if (c.length == 0) return 0.0;
    double maxima = c.length == 1 ? 0.0 : team.shift(c.length);
    int exponent = 0;
    float y = 1.0f, b = 1.0f, scale = 1.0f;
    for (int k = 0; k < c.length; k++) {
        int t = backwards ? c.length - 1 - k : k;
        float seen = b * y * scale;
        b = emit(team, c, t, maxima);
        if (k == 0) {
            y = backwards ? 1.0f : b;
        } else {
            team.enter(backwards ? t : t - 1);
            exponent += exponent_of(scale);
            y = backwards ? team.dot(seen) : team.dot(y) * (b * scale);
        }
        scale = scale_of(team, team.j < c.states ? y : 0.0f);
        if (team.j < c.states && team.keeps()) {
            size_t e = c.at + (size_t)t * c.states + team.j;
            x[e] = y;
            if (backwards) w[e] = b * y * scale;
        }
    }
    double sum = team.sum(team.j < c.states ? (double)(backwards ? b * y : y) : 0.0);
    return portable64_log(sum) - exponent * LN_2 + maxima;
}
