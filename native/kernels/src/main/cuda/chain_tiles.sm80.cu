/*
chain_tiles: the passes of chain on matrix units: sixteen sequences a warp, and every number of theirs in registers

formula      as chain's passes, a row for each sequence:  Y = X A,  X = F_{t-1} forwards, b_t r_t backwards
             x = h + l:  h the nearest number of 11 bits, l that of what is left;  a likewise
             x a = h h' + (h l' + l h'),  two sums of products in f32;  l l' is left out: below 2^-22 of x a
             a step's power of two goes to its successor: F_t = (X A) (b_t scale), r_{t-1} = (X A) scale
shapes       unary, forward, backward, w (n, steps, states)    matrices (2, states, states)    plan (2)    start, end
             (states) or null    lengths (n)    sums (2, n)
types        f32; products of TF32 pairs; maxima of the scores and log Z in f64
launch       chain_tiles_one_f32: block 32, grid ceil(n / 16) x 2
             chain_tiles_two_f32: block 32, grid ceil(n / 16) x 2
             chain_tiles_three_f32: block 32, grid ceil(n / 16) x 2
             chain_tiles_four_f32: block 32, grid ceil(n / 16) x 2
ownership    as chain's passes, in whose place they stand: chain_plan before, chain_serve and what follows after
edges        as chain's passes.  one: states <= 8; two: <= 16; three: <= 24; four: <= 32
determinism  bitwise from run to run on one GPU model, whose matrix units add in an order of their own; rows of a
             product do not see each other, so no sequence sees another
bytes        8 n steps states each way
versions     1  weights in registers, states^2 / 16 a lane; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.LoopedChain
*/
#include "common/chain_pass.cuh"

#define ROWS 16  // sequences of a warp
#define TILE 8   // states of a tile

// How the numbers of one step lie in a warp. The unit multiplies a tile X (16, 8) by a tile A (8, 8) and adds. A lane,
// g = lane / 4 and p = lane % 4, gives it four numbers of X and gets four of Y = X A:
//
//     X   (g, p)   (g + 8, p)    (g, p + 4)   (g + 8, p + 4)        rows are sequences
//     Y   (g, 2p)  (g, 2p + 1)   (g + 8, 2p)  (g + 8, 2p + 1)       columns are states
//
// Which state stands in which column of X is ours to choose, if the rows of A follow: state 2p in column p, state
// 2p + 1 in column p + 4. Then what a lane gets is what it gives at the next step, of the same two sequences, and the
// recursion goes from step to step without a shuffle, shared memory or a barrier. Only maxima and sums over the states
// are gathered, from the four lanes of a row.
//
// So a lane holds, of each of its two sequences, two states of each tile: numbers [row][2 tile + half].
__device__ __forceinline__ int group() {
    return (int)(threadIdx.x / 4);
}

// The state of a lane's number e.
__device__ __forceinline__ int state_of(int e) {
    return TILE * (e / 2) + 2 * (int)(threadIdx.x % 4) + e % 2;
}

// A number as the units take it: 11 bits of significand, rounded; the exponent of f32.
__device__ __forceinline__ unsigned tf32_of(float x) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
}

// y += x a.
__device__ __forceinline__ void multiply_add(float (&y)[4], const unsigned (&x)[4], const unsigned (&a)[2]) {
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(y[0]), "+f"(y[1]), "+f"(y[2]), "+f"(y[3])
                 : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(a[0]), "r"(a[1]));
}

// The weights of the transitions between 8 TILES states, in the registers of a warp.
template <int TILES>
struct Tiles {
    unsigned high[TILES][TILES][2], low[TILES][TILES][2];  // [from][to][half]

    __device__ __forceinline__ void read(const float* matrix, int states) {
#pragma unroll
        for (int from = 0; from < TILES; from++) {
#pragma unroll
            for (int to = 0; to < TILES; to++) {
#pragma unroll
                for (int half = 0; half < 2; half++) {
                    int i = state_of(2 * from + half), j = TILE * to + group();
                    float a = i < states && j < states ? matrix[i * states + j] : 0.0f;
                    high[from][to][half] = tf32_of(a);
                    low[from][to][half] = tf32_of(a - __uint_as_float(high[from][to][half]));
                }
            }
        }
    }

    // y = x A. The units cut what does not fit a running sum where an addition would round it. So only the small
    // products run on in them; the large ones of each tile are one sum, and these are added up here.
    __device__ __forceinline__ void product(const float (&x)[2][2 * TILES], float (&y)[2][2 * TILES]) const {
        unsigned high_x[TILES][4], low_x[TILES][4];
#pragma unroll
        for (int e = 0; e < 4 * TILES; e++) {
            int row = e % 2, half = e / 2 % 2, tile = e / 4;
            float of = x[row][2 * tile + half];
            unsigned rounded = tf32_of(of);
            high_x[tile][2 * half + row] = rounded;
            low_x[tile][2 * half + row] = tf32_of(of - __uint_as_float(rounded));
        }
#pragma unroll
        for (int to = 0; to < TILES; to++) {
            float sum[4] = {}, small[4] = {};
#pragma unroll
            for (int from = 0; from < TILES; from++) {
                float large[4] = {};
                multiply_add(small, high_x[from], low[from][to]);
                multiply_add(small, low_x[from], high[from][to]);
                multiply_add(large, high_x[from], high[from][to]);
#pragma unroll
                for (int e = 0; e < 4; e++) sum[e] += large[e];
            }
#pragma unroll
            for (int e = 0; e < 4; e++) y[e / 2][2 * to + e % 2] = sum[e] + small[e];
        }
    }
};

// Over the four lanes of a row.
template <typename T>
__device__ __forceinline__ T largest_of_row(T x) {
#pragma unroll
    for (int step = 1; step < 4; step *= 2) {
        T other = __shfl_xor_sync(~0u, x, step);
        x = other > x ? other : x;
    }
    return x;
}

__device__ __forceinline__ double sum_of_row(double x) {
#pragma unroll
    for (int step = 1; step < 4; step *= 2) x += __shfl_xor_sync(~0u, x, step);
    return x;
}

// The largest score of a step, 0 if all are -inf.
template <int COUNT>
__device__ __forceinline__ float largest_score(const float (&x)[COUNT]) {
    float max = -INFINITY;
#pragma unroll
    for (int e = 0; e < COUNT; e++) max = x[e] > max ? x[e] : max;
    max = largest_of_row(max);
    return max == -INFINITY ? 0.0f : max;
}

// Where one of a lane's two sequences stands.
template <int COUNT>
struct Row {
    Chain c;
    int q, backwards;
    bool ours;  // else there is no such sequence, or it is chain_scan's
    double maxima, total;
    int exponent;
    float scale;
    float ahead[COUNT];  // scores of the next step, on their way while this one is worked on

    __device__ __forceinline__ int time(int k) const { return backwards ? c.length - 1 - k : k; }

    __device__ __forceinline__ void fetch(int k) {
        const float* scores = c.unary + c.at + (long long)time(k) * c.states;
#pragma unroll
        for (int e = 0; e < COUNT; e++) {
            ahead[e] = k < c.length && state_of(e) < c.states ? scores[state_of(e)] : -INFINITY;
        }
    }

    // b of step k, as emit of common/chain_pass.cuh makes it; 0 once the sequence has ended.
    __device__ __forceinline__ void emit(int k, float (&b)[COUNT]) {
#pragma unroll
        for (int edge = 0; edge < 2; edge++) {
            const float* scores = edge == 0 ? c.start : c.end;
            bool here = k < c.length && time(k) == (edge == 0 ? 0 : c.length - 1);
            if (!scores || !__any_sync(~0u, here)) continue;
            float more[COUNT];
#pragma unroll
            for (int e = 0; e < COUNT; e++) {
                more[e] = here && state_of(e) < c.states ? scores[state_of(e)] : -INFINITY;
            }
            float most = largest_score(ahead), most_more = largest_score(more);
            maxima += here ? (double)most + most_more : 0.0;
#pragma unroll
            for (int e = 0; e < COUNT; e++) {
                float both = (float)((double)ahead[e] - most + ((double)more[e] - most_more));
                ahead[e] = here ? both : ahead[e];
            }
        }
        float most = largest_score(ahead);
        maxima += most;
#pragma unroll
        for (int e = 0; e < COUNT; e++) b[e] = exp_of_difference(ahead[e], most);
    }

    // F or r of step k, from the product with the step before.
    __device__ __forceinline__ void advance(int k, const float (&b)[COUNT], float (&y)[COUNT]) {
#pragma unroll
        for (int e = 0; e < COUNT; e++) {
            float first = backwards ? (state_of(e) < c.states ? 1.0f : 0.0f) : b[e];
            y[e] = k == 0 ? first : y[e] * (backwards ? scale : b[e] * scale);
        }
        if (k > 0 && k < c.length) exponent += exponent_of(scale);
    }

    // Keeps step k, and finds the scale of the next.
    __device__ __forceinline__ void keep(int k, const float (&b)[COUNT], const float (&y)[COUNT], float* x, float* w) {
        unsigned largest = 0;
#pragma unroll
        for (int e = 0; e < COUNT; e++) largest = y[e] > 0.0f ? max(largest, __float_as_uint(y[e])) : largest;
        scale = scale_from(largest_of_row(largest));
        if (k >= c.length) return;
        long long at = c.at + (long long)time(k) * c.states;
#pragma unroll
        for (int e = 0; e < COUNT; e++) {
            float seen = b[e] * y[e];
            if (k == c.length - 1) total += backwards ? seen : y[e];
            if (state_of(e) >= c.states) continue;
            x[at + state_of(e)] = y[e];
            if (backwards) w[at + state_of(e)] = seen * scale;
        }
    }

    __device__ __forceinline__ double log_z() const {
        double sum = sum_of_row(total);
        return c.length == 0 ? 0.0 : portable64_log(sum) - exponent * LN_2 + maxima;
    }
};

// A sequence before its first step.
template <int COUNT>
__device__ __forceinline__ Row<COUNT> row_of(Chain c, int q, int n, int backwards, int scan_from, const float* plan) {
    bool ours = q < n && c.length < scan_from;
    // Without a certificate there is nothing to do but to say so.
    if (!ours || plan[1] == 0.0f) c.length = 0;
    double shift = c.length > 1 ? (c.length - 1) * (double)plan[0] : 0.0;
    return {c, q, backwards, ours, shift, 0.0, 0, 1.0f, {}};
}

// One direction over sixteen sequences.
template <int TILES>
__device__ __forceinline__ void pass_of_rows(const float* unary, const float* matrices, const float* plan,
                                             const float* start, const float* end, const int* lengths, float* x,
                                             float* w, double* sums, int n, int steps, int states, int scan_from) {
    int backwards = (int)blockIdx.y;
    Row<2 * TILES> rows[2];
    int longest = 0;
#pragma unroll
    for (int r = 0; r < 2; r++) {
        int q = (int)blockIdx.x * ROWS + group() + r * ROWS / 2;
        Chain c = chain_of(unary, start, end, lengths, q, n, steps, states);
        rows[r] = row_of<2 * TILES>(c, q, n, backwards, scan_from, plan);
        rows[r].fetch(0);
        longest = max(longest, rows[r].c.length);
    }
    Tiles<TILES> a;
    a.read(matrices + (size_t)backwards * states * states, states);
    float y[2][2 * TILES] = {}, b[2][2 * TILES] = {};
    // Lanes whose own sequences have ended stay: a product takes all lanes of the warp.
    longest = __reduce_max_sync(~0u, longest);
    for (int k = 0; k < longest; k++) {
        float seen[2][2 * TILES];
#pragma unroll
        for (int e = 0; e < 4 * TILES; e++) {
            int r = e % 2, i = e / 2;
            seen[r][i] = backwards ? b[r][i] * y[r][i] : y[r][i];
        }
        a.product(seen, y);
#pragma unroll
        for (int r = 0; r < 2; r++) {
            rows[r].emit(k, b[r]);
            rows[r].fetch(k + 1);
            rows[r].advance(k, b[r], y[r]);
            rows[r].keep(k, b[r], y[r], x, w);
        }
    }
#pragma unroll
    for (int r = 0; r < 2; r++) {
        double log_z = rows[r].log_z();
        if (!rows[r].ours || threadIdx.x % 4 > 0) continue;
        sums[(size_t)backwards * n + rows[r].q] = plan[1] == 0.0f ? (double)NAN : log_z;
    }
}

extern "C" __global__ void __launch_bounds__(WARP)
chain_tiles_one_f32(const float* __restrict__ unary,     // (n, steps, states)
                    const float* __restrict__ matrices,  // (2, states, states)
                    const float* __restrict__ plan,      // (2)
                    const float* __restrict__ start,     // (states) or null
                    const float* __restrict__ end,       // (states) or null
                    const int* __restrict__ lengths,     // (n)
                    float* __restrict__ forward,         // (n, steps, states)
                    float* __restrict__ backward,        // (n, steps, states)
                    float* __restrict__ w,               // (n, steps, states)
                    double* __restrict__ sums,           // (2, n)
                    int n, int steps, int states, int scan_from) {
    pass_of_rows<1>(unary, matrices, plan, start, end, lengths, blockIdx.y ? backward : forward, w, sums, n, steps,
                    states, scan_from);
}

extern "C" __global__ void __launch_bounds__(WARP)
chain_tiles_two_f32(const float* __restrict__ unary,     // (n, steps, states)
                    const float* __restrict__ matrices,  // (2, states, states)
                    const float* __restrict__ plan,      // (2)
                    const float* __restrict__ start,     // (states) or null
                    const float* __restrict__ end,       // (states) or null
                    const int* __restrict__ lengths,     // (n)
                    float* __restrict__ forward,         // (n, steps, states)
                    float* __restrict__ backward,        // (n, steps, states)
                    float* __restrict__ w,               // (n, steps, states)
                    double* __restrict__ sums,           // (2, n)
                    int n, int steps, int states, int scan_from) {
    pass_of_rows<2>(unary, matrices, plan, start, end, lengths, blockIdx.y ? backward : forward, w, sums, n, steps,
                    states, scan_from);
}

extern "C" __global__ void __launch_bounds__(WARP)
chain_tiles_three_f32(const float* __restrict__ unary,     // (n, steps, states)
                      const float* __restrict__ matrices,  // (2, states, states)
                      const float* __restrict__ plan,      // (2)
                      const float* __restrict__ start,     // (states) or null
                      const float* __restrict__ end,       // (states) or null
                      const int* __restrict__ lengths,     // (n)
                      float* __restrict__ forward,         // (n, steps, states)
                      float* __restrict__ backward,        // (n, steps, states)
                      float* __restrict__ w,               // (n, steps, states)
                      double* __restrict__ sums,           // (2, n)
                      int n, int steps, int states, int scan_from) {
    pass_of_rows<3>(unary, matrices, plan, start, end, lengths, blockIdx.y ? backward : forward, w, sums, n, steps,
                    states, scan_from);
}

extern "C" __global__ void __launch_bounds__(WARP)
chain_tiles_four_f32(const float* __restrict__ unary,     // (n, steps, states)
                     const float* __restrict__ matrices,  // (2, states, states)
                     const float* __restrict__ plan,      // (2)
                     const float* __restrict__ start,     // (states) or null
                     const float* __restrict__ end,       // (states) or null
                     const int* __restrict__ lengths,     // (n)
                     float* __restrict__ forward,         // (n, steps, states)
                     float* __restrict__ backward,        // (n, steps, states)
                     float* __restrict__ w,               // (n, steps, states)
                     double* __restrict__ sums,           // (2, n)
                     int n, int steps, int states, int scan_from) {
    pass_of_rows<4>(unary, matrices, plan, start, end, lengths, blockIdx.y ? backward : forward, w, sums, n, steps,
                    states, scan_from);
}
