/*
chain: forward-backward over linear chains in scaled f32: log-partition, marginals, expected transitions

formula      F_t(j) = b_t(j) sum_i F_{t-1}(i) A(i,j),  F_0 = b_0         b_t(j) = exp(score - max of the step)
             r_t(i) = sum_j A(i,j) b_{t+1}(j) r_{t+1}(j),  r_last = 1    A = exp(transitions - max)
             gamma_t(j) = F_t(j) r_t(j) / g_t,  g_t = sum_j F_t(j) r_t(j)
             pairs(i,j) = A(i,j) sum_t F_t(i) w_{t+1}(j) / g_t,  w = b r scaled, so that r_t = A w_{t+1}
             log Z = log sum_j F_last(j) + all maxima - log of all scales
             plan     A and its transpose, max transition, and whether f32 is certain (max - min < limit nats)
             passes   small, warp, block, wide: F and r of each sequence, one direction each; sequences of scan_from
                      steps and more are chain_scan's; chain_tiles may stand in the place of small and warp,
                      chain_clusters in that of wide
             serve    log Z from both passes; serves what agrees, leaves the others open
             posterior, pairs   gamma in the place of r, w / g in that of w; expected transitions
shapes       unary, forward, backward, w (n, steps, states)    transitions (states, states)    matrices (2, states,
             states)    plan (2)    start, end (states) or null    lengths, served (n)    sums (2, n)
             value, exact (n) or null    pairs (n, states, states)
types        f32; maxima of the scores and log Z in f64
launch       chain_plan_f32: block 256, grid 1
             chain_small_f32: block 128, grid ceil(n / 16) x 2
             chain_warp_f32: block 128, grid ceil(n / 4) x 2
             chain_block_f32: block 128, grid n x 2
             chain_wide_f32: block 1024, grid n x 2
             chain_serve_f32: block 128, grid ceil(n / 128)
             chain_posterior_f32: block 128, grid ceil(n * steps / 4)
             chain_pairs_f32: block 16 x 16, grid n x ceil(states / 16) x ceil(states / 16)
ownership    caller owns every buffer; posterior turns backward into gamma and w into w / g; all others overwrite
             what they write
edges        length 0: log Z = 0.  No path: -inf, and 0 for all that follows.  A NaN or +inf score poisons its own
             sequence.  Padding is never read, and zeroed in gamma.  -inf transitions are A = 0.  Without a certificate
             the sums are NaN.  small: states <= 8; warp: <= 32; block: <= 128; wide: <= 1024
determinism  bitwise from run to run: one thread holds a state, its sum is chains of 16 fused multiply-adds, and no
             sequence sees another; pairs over t ascend in chunks of 64
bytes        passes 8 n steps states each way; posterior 20 n steps states; pairs 8 n steps states per 16 states
versions     1  state per thread: eight lanes, a warp or a block per sequence and direction, both directions at once;
                column of A in registers up to 128 states, in the L2 cache beyond; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.LoopedChain
*/
#include "common/chain_pass.cuh"

#define CHUNK 64  // steps of pairs that are summed in f32 before they join an f64

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
                double* __restrict__ sums,           // (2, n)
                int n, int steps, int states, int scan_from) {
    int q = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / SMALL);
    Chain c = chain_of(unary, start, end, lengths, q, n, steps, states);
    if (q >= n || c.length >= scan_from) return;

    int backwards = (int)blockIdx.y;
    Lanes<SMALL> team;
    team.read(matrices + (size_t)backwards * states * states, states, plan[0]);
    double sum = plan[1] == 0.0f ? (double)NAN : pass(team, c, backwards, backwards ? backward : forward, w);
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
               double* __restrict__ sums,           // (2, n)
               int n, int steps, int states, int scan_from) {
    int q = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / WARP);
    Chain c = chain_of(unary, start, end, lengths, q, n, steps, states);
    if (q >= n || c.length >= scan_from) return;

    int backwards = (int)blockIdx.y;
    Lanes<WARP> team;
    team.read(matrices + (size_t)backwards * states * states, states, plan[0]);
    double sum = plan[1] == 0.0f ? (double)NAN : pass(team, c, backwards, backwards ? backward : forward, w);
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
                double* __restrict__ sums,           // (2, n)
                int n, int steps, int states, int scan_from) {
    __shared__ __align__(16) float buffer[MANY + 2 * MANY / WARP];
    int q = (int)blockIdx.x;
    Chain c = chain_of(unary, start, end, lengths, q, n, steps, states);
    if (q >= n || c.length >= scan_from) return;

    int backwards = (int)blockIdx.y;
    Threads<MANY, MANY> team;
    team.read(matrices + (size_t)backwards * states * states, states, plan[0], buffer);
    double sum = plan[1] == 0.0f ? (double)NAN : pass(team, c, backwards, backwards ? backward : forward, w);
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
               double* __restrict__ sums,           // (2, n)
               int n, int steps, int states, int scan_from) {
    __shared__ __align__(16) float buffer[WIDEST + 2 * WIDEST / WARP];
    int q = (int)blockIdx.x;
    Chain c = chain_of(unary, start, end, lengths, q, n, steps, states);
    if (q >= n || c.length >= scan_from) return;

    int backwards = (int)blockIdx.y;
    Threads<WIDEST, 0> team;
    team.read(matrices + (size_t)backwards * states * states, states, plan[0], buffer);
    double sum = plan[1] == 0.0f ? (double)NAN : pass(team, c, backwards, backwards ? backward : forward, w);
    if (team.j == 0) sums[(size_t)backwards * n + q] = sum;
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_serve_f32(const double* __restrict__ sums,  // (2, n)
                const int* __restrict__ lengths,  // (n)
                float* __restrict__ value,        // (n) or null
                double* __restrict__ exact,       // (n) or null
                int* __restrict__ served,         // (n)
                int n, int steps, int scan_from, int form, int force) {
    int q = (int)(blockIdx.x * PASS_BLOCK + threadIdx.x);
    if (q >= n) return;

    double forward = sums[q];
    int length = chain_length(lengths, q, steps);
    bool agree = fabs(forward - sums[n + q]) <= 1e-4 + 2e-7 * length;
    served[q] = !force && !agree ? CHAIN_OPEN : length >= scan_from ? CHAIN_SCAN : form;
    if (served[q] == CHAIN_OPEN) return;
    if (value) value[q] = (float)forward;
    if (exact) exact[q] = forward;
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_posterior_f32(const float* __restrict__ forward,  // (n, steps, states)
                    float* __restrict__ backward,       // (n, steps, states)
                    float* __restrict__ w,              // (n, steps, states)
                    const double* __restrict__ sums,    // (2, n)
                    const int* __restrict__ lengths,    // (n)
                    const int* __restrict__ served,     // (n)
                    int n, int steps, int states) {
    long long row = ((long long)blockIdx.x * PASS_BLOCK + threadIdx.x) / WARP;
    if (row >= (long long)n * steps) return;

    int q = (int)(row / steps), t = (int)(row % steps), lane = (int)(threadIdx.x % WARP);
    size_t from = (size_t)row * states, next = from + states;
    int length = chain_length(lengths, q, steps);
    bool live = t < length && in_f32(served[q]) && sums[q] != -INFINITY;
    float joint = 0.0f;
    for (int j = lane; live && j < states; j += WARP) joint = __fmaf_rn(forward[from + j], backward[from + j], joint);
    for (int step = WARP / 2; step > 0; step /= 2) joint += __shfl_xor_sync(~0u, joint, step);
    float inverse = 1.0f / joint;
    for (int j = lane; j < states; j += WARP) {
        backward[from + j] = live ? forward[from + j] * backward[from + j] * inverse : 0.0f;
        if (live && t + 1 < length) w[next + j] *= inverse;
    }
}

extern "C" __global__ void __launch_bounds__(256)
chain_pairs_f32(const float* __restrict__ matrices,  // (2, states, states)
                const float* __restrict__ forward,   // (n, steps, states)
                const float* __restrict__ w,         // (n, steps, states)
                const double* __restrict__ sums,     // (2, n)
                const int* __restrict__ lengths,     // (n)
                const int* __restrict__ served,      // (n)
                float* __restrict__ pairs,           // (n, states, states)
                int n, int steps, int states) {
    __shared__ float left[CHUNK][16];
    __shared__ float right[CHUNK][16];
    int q = (int)blockIdx.x;
    if (!in_f32(served[q])) return;

    int column = (int)(blockIdx.z * 16 + threadIdx.x), row = (int)(blockIdx.y * 16 + threadIdx.y);
    int i = (int)(blockIdx.y * 16 + threadIdx.x);  // the row that this thread fetches of F
    size_t from = (size_t)q * steps * states;
    int last = sums[q] == -INFINITY ? 0 : chain_length(lengths, q, steps) - 1;
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
