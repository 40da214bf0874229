/*
chain_scan: few long linear chains over few states in scaled f32, cut into chunks that run side by side

formula      products P_c(i,.) = F at the end of chunk c, from state i at its beginning
             seams    phi_{c+1} = phi_c P_c, phi_0 = F_0;  rho_c = P_c rho_{c+1}, rho_last = 1;  log Z from both
             passes   back: r from rho_{c+1} to the beginning of each chunk, which makes a better rho_c: rows of P were
                      each rounded at every step, so that ratios within a row are right but not those between rows
                      both: F from phi_c, and r and w from rho_{c+1}, as chain has them
shapes       unary, forward, backward, w (n, steps, states)    matrices (2, states, states)    plan (2)    start, end
             (states) or null    lengths (n)    products (n, chunks, states, states)    exponents (n, chunks, states)
             maxima (n, chunks)    seams (3, n, chunks, states): phi_c, rho_{c+1}, and that again from back
             sums (2, n)
types        f32; seams found in f64; maxima of the scores and log Z in f64; i32 exponents
launch       chain_scan_products_small_f32: block 128, grid ceil(n * chunks * states / 16)
             chain_scan_products_warp_f32: block 128, grid ceil(n * chunks * states / 4)
             chain_scan_seams_f64: block 32, grid n x 2
             chain_scan_back_small_f32: block 128, grid ceil(n * chunks / 16)
             chain_scan_back_warp_f32: block 128, grid ceil(n * chunks / 4)
             chain_scan_both_small_f32: block 128, grid ceil(n * chunks / 16) x 2
             chain_scan_both_warp_f32: block 128, grid ceil(n * chunks / 4) x 2
ownership    caller owns every buffer; all overwrite what they write; sequences shorter than scan_from are left alone,
             and those without a certificate, whose sums are NaN.  chain_serve and what follows it serve both
edges        a chunk begins with the step that the one before ends with, so that it holds whole transitions, 128 but in
             the last one.  scan_from >= 2.  small: states <= 8; warp: <= 32
determinism  bitwise from run to run: one thread holds a state, no chunk sees another but through its seams
bytes        products 4 n steps states^2, from the cache but once; passes 8 n steps states each way
versions     1  a team of lanes per chunk and row; seams one after another; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.LoopedScan
*/
#include "common/chain_pass.cuh"

#define CHUNK 128  // transitions of a chunk

// One chunk of one sequence: transitions from `first` to `last`.
struct Chunk {
    int q, c, first, last;
};

// The chunk of a place among n * chunks; it has no transitions where its sequence is not scanned or has ended.
__device__ __forceinline__ Chunk chunk_of(const int* lengths, const float* plan, int place, int n, int chunks,
                                          int steps, int scan_from) {
    int q = place / chunks, c = place % chunks;
    int length = q < n ? chain_length(lengths, q, steps) : 0;
    bool scanned = length >= scan_from && plan[1] != 0.0f;
    return {q, c, c * CHUNK, scanned ? min((c + 1) * CHUNK, length - 1) : 0};
}

// F from `y` at the beginning of a chunk to its end; step by step to `x`, unless that is null.
template <typename Team>
__device__ __forceinline__ float forwards(const Team& team, const Chain& c, const Chunk& k, float y, float* x,
                                          double& maxima, int& exponent) {
    if (x && team.j < c.states) x[c.at + (size_t)k.first * c.states + team.j] = y;
    for (int t = k.first + 1; t <= k.last; t++) {
        float scale = scale_of(team, team.j < c.states ? y : 0.0f);
        float b = emit(team, c, t, maxima);
        exponent += exponent_of(scale);
        y = team.dot(y) * (b * scale);
        bool own = t < k.last || t == c.length - 1;  // else the next chunk begins with it
        if (x && own && team.j < c.states) x[c.at + (size_t)t * c.states + team.j] = y;
    }
    return y;
}

// r from `y` at the end of a chunk to its beginning, and w; step by step to `x` and `w`, unless they are null.
template <typename Team>
__device__ __forceinline__ float backwards(const Team& team, const Chain& c, const Chunk& k, float y, float* x,
                                           float* w) {
    double maxima = 0.0;
    bool own = team.j < c.states;
    if (x && k.last == c.length - 1 && own) x[c.at + (size_t)k.last * c.states + team.j] = y;
    for (int t = k.last; t > k.first; t--) {
        size_t e = c.at + (size_t)t * c.states + team.j;
        float seen = emit(team, c, t, maxima) * y * scale_of(team, own ? y : 0.0f);
        y = team.dot(seen);
        if (x && own) {
            w[e] = seen;
            x[e - c.states] = y;
        }
    }
    return y;
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_scan_products_small_f32(const float* __restrict__ unary,     // (n, steps, states)
                              const float* __restrict__ matrices,  // (2, states, states)
                              const float* __restrict__ plan,      // (2)
                              const float* __restrict__ start,     // (states) or null
                              const float* __restrict__ end,       // (states) or null
                              const int* __restrict__ lengths,     // (n)
                              float* __restrict__ products,        // (n, chunks, states, states)
                              int* __restrict__ exponents,         // (n, chunks, states)
                              double* __restrict__ maxima,         // (n, chunks)
                              int n, int chunks, int steps, int states, int scan_from) {
    int place = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / SMALL), i = place % states;
    Chunk k = chunk_of(lengths, plan, place / states, n, chunks, steps, scan_from);
    if (k.last <= k.first) return;

    Lanes<SMALL> team;
    team.read(matrices, states, plan[0]);
    Chain c = chain_of(unary, start, end, lengths, k.q, n, steps, states);
    double total = 0.0;
    int exponent = 0;
    float y = forwards(team, c, k, team.j == i ? 1.0f : 0.0f, (float*)nullptr, total, exponent);
    if (team.j < states) products[(size_t)place * states + team.j] = y;
    if (team.j > 0) return;
    exponents[place] = exponent;
    if (i == 0) maxima[place / states] = total;
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_scan_products_warp_f32(const float* __restrict__ unary,     // (n, steps, states)
                              const float* __restrict__ matrices,  // (2, states, states)
                              const float* __restrict__ plan,      // (2)
                              const float* __restrict__ start,     // (states) or null
                              const float* __restrict__ end,       // (states) or null
                              const int* __restrict__ lengths,     // (n)
                              float* __restrict__ products,        // (n, chunks, states, states)
                              int* __restrict__ exponents,         // (n, chunks, states)
                              double* __restrict__ maxima,         // (n, chunks)
                              int n, int chunks, int steps, int states, int scan_from) {
    int place = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / WARP), i = place % states;
    Chunk k = chunk_of(lengths, plan, place / states, n, chunks, steps, scan_from);
    if (k.last <= k.first) return;

    Lanes<WARP> team;
    team.read(matrices, states, plan[0]);
    Chain c = chain_of(unary, start, end, lengths, k.q, n, steps, states);
    double total = 0.0;
    int exponent = 0;
    float y = forwards(team, c, k, team.j == i ? 1.0f : 0.0f, (float*)nullptr, total, exponent);
    if (team.j < states) products[(size_t)place * states + team.j] = y;
    if (team.j > 0) return;
    exponents[place] = exponent;
    if (i == 0) maxima[place / states] = total;
}

extern "C" __global__ void __launch_bounds__(WARP)
chain_scan_seams_f64(const float* __restrict__ unary,      // (n, steps, states)
                     const float* __restrict__ plan,       // (2)
                     const float* __restrict__ start,      // (states) or null
                     const float* __restrict__ end,        // (states) or null
                     const int* __restrict__ lengths,      // (n)
                     const float* __restrict__ products,   // (n, chunks, states, states)
                     const int* __restrict__ exponents,    // (n, chunks, states)
                     const double* __restrict__ maxima,    // (n, chunks)
                     float* __restrict__ seams,            // (3, n, chunks, states)
                     double* __restrict__ sums,            // (2, n)
                     int n, int chunks, int steps, int states, int scan_from) {
    int q = (int)blockIdx.x, back = (int)blockIdx.y;
    Chain c = chain_of(unary, start, end, lengths, q, n, steps, states);
    if (c.length < scan_from) return;

    Lanes<WARP> team;
    team.join();
    bool own = team.j < states;
    double all = (c.length - 1) * (double)plan[0];
    double b = emit(team, c, 0, all);
    double y = own ? back ? 1.0 : b : 0.0;
    long long exponent = 0;
    int count = plan[1] == 0.0f ? 0 : (c.length - 2) / CHUNK + 1;
    for (int k = 0; k < count; k++) {
        size_t place = (size_t)q * chunks + (back ? count - 1 - k : k), row = place * states;
        double largest = team.largest(y);
        int out = largest > 0.0 && largest < INFINITY ? exponent64_of(largest) : 0;
        y *= portable64_power_of_two(-out);
        size_t seam = (size_t)back * n * chunks * states + row + team.j;
        if (own) seams[seam] = (float)(y * portable64_power_of_two(HEADROOM));
        // All rows brought to the exponent of the one that was raised least: what is then lost is nothing beside it.
        int least = -team.largest(own ? -exponents[row + team.j] : -INT_MAX);
        double sum = 0.0;
        for (int i = 0; i < states; i++) {
            int from = back ? team.j : i, to = back ? i : team.j;
            int lower = own ? max(least - exponents[row + from], -1022) : 0;
            double p = own ? products[(row + from) * states + to] * portable64_power_of_two(lower) : 0.0;
            sum = __fma_rn(__shfl_sync(~0u, y, i), p, sum);
        }
        y = sum;
        exponent += out - least;
        all += maxima[place];
    }
    double sum = team.sum(own ? back ? b * y : y : 0.0);
    if (team.j > 0) return;
    sums[(size_t)back * n + q] = count == 0 ? (double)NAN : portable64_log(sum) + exponent * LN_2 + all;
}

// What a chunk makes of the end that it is given, handed to the chunk before.
template <int TEAM>
__device__ __forceinline__ void scan_back(const float* unary, const float* matrices, const float* plan,
                                          const float* start, const float* end, const int* lengths, float* seams,
                                          int n, int chunks, int steps, int states, int scan_from) {
    int place = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / TEAM);
    Chunk k = chunk_of(lengths, plan, place, n, chunks, steps, scan_from);
    if (k.last <= k.first) return;

    Lanes<TEAM> team;
    team.read(matrices + (size_t)states * states, states, plan[0]);
    Chain c = chain_of(unary, start, end, lengths, k.q, n, steps, states);
    size_t plane = (size_t)n * chunks * states, e = (size_t)place * states + team.j;
    float y = backwards(team, c, k, team.j < states ? seams[plane + e] : 0.0f, (float*)nullptr, (float*)nullptr);
    y *= scale_of(team, team.j < states ? y : 0.0f);
    // It is the end of the chunk before; the last chunk ends as it did.
    if (team.j < states && k.c > 0) seams[2 * plane + e - states] = y;
    if (team.j < states && k.last == c.length - 1) seams[2 * plane + e] = seams[plane + e];
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_scan_back_small_f32(const float* __restrict__ unary,     // (n, steps, states)
                          const float* __restrict__ matrices,  // (2, states, states)
                          const float* __restrict__ plan,      // (2)
                          const float* __restrict__ start,     // (states) or null
                          const float* __restrict__ end,       // (states) or null
                          const int* __restrict__ lengths,     // (n)
                          float* __restrict__ seams,           // (3, n, chunks, states)
                          int n, int chunks, int steps, int states, int scan_from) {
    scan_back<SMALL>(unary, matrices, plan, start, end, lengths, seams, n, chunks, steps, states, scan_from);
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_scan_back_warp_f32(const float* __restrict__ unary,     // (n, steps, states)
                         const float* __restrict__ matrices,  // (2, states, states)
                         const float* __restrict__ plan,      // (2)
                         const float* __restrict__ start,     // (states) or null
                         const float* __restrict__ end,       // (states) or null
                         const int* __restrict__ lengths,     // (n)
                         float* __restrict__ seams,           // (3, n, chunks, states)
                         int n, int chunks, int steps, int states, int scan_from) {
    scan_back<WARP>(unary, matrices, plan, start, end, lengths, seams, n, chunks, steps, states, scan_from);
}

// A chunk from its seam on, in the direction of this block.
template <int TEAM>
__device__ __forceinline__ void scan_both(const float* unary, const float* matrices, const float* plan,
                                          const float* start, const float* end, const int* lengths,
                                          const float* seams, float* forward, float* backward, float* w,
                                          int n, int chunks, int steps, int states, int scan_from) {
    int place = (int)((blockIdx.x * PASS_BLOCK + threadIdx.x) / TEAM), back = (int)blockIdx.y;
    Chunk k = chunk_of(lengths, plan, place, n, chunks, steps, scan_from);
    if (k.last <= k.first) return;

    Lanes<TEAM> team;
    team.read(matrices + (size_t)back * states * states, states, plan[0]);
    Chain c = chain_of(unary, start, end, lengths, k.q, n, steps, states);
    size_t plane = (size_t)n * chunks * states, e = (size_t)place * states + team.j;
    float y = team.j < states ? seams[(back ? 2 * plane : 0) + e] : 0.0f;
    double maxima = 0.0;
    int exponent = 0;
    if (back) {
        backwards(team, c, k, y, backward, w);
    } else {
        forwards(team, c, k, y, forward, maxima, exponent);
    }
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_scan_both_small_f32(const float* __restrict__ unary,     // (n, steps, states)
                          const float* __restrict__ matrices,  // (2, states, states)
                          const float* __restrict__ plan,      // (2)
                          const float* __restrict__ start,     // (states) or null
                          const float* __restrict__ end,       // (states) or null
                          const int* __restrict__ lengths,     // (n)
                          const float* __restrict__ seams,     // (3, n, chunks, states)
                          float* __restrict__ forward,         // (n, steps, states)
                          float* __restrict__ backward,        // (n, steps, states)
                          float* __restrict__ w,               // (n, steps, states)
                          int n, int chunks, int steps, int states, int scan_from) {
    scan_both<SMALL>(unary, matrices, plan, start, end, lengths, seams, forward, backward, w, n, chunks, steps,
        states, scan_from);
}

extern "C" __global__ void __launch_bounds__(PASS_BLOCK)
chain_scan_both_warp_f32(const float* __restrict__ unary,     // (n, steps, states)
                         const float* __restrict__ matrices,  // (2, states, states)
                         const float* __restrict__ plan,      // (2)
                         const float* __restrict__ start,     // (states) or null
                         const float* __restrict__ end,       // (states) or null
                         const int* __restrict__ lengths,     // (n)
                         const float* __restrict__ seams,     // (3, n, chunks, states)
                         float* __restrict__ forward,         // (n, steps, states)
                         float* __restrict__ backward,        // (n, steps, states)
                         float* __restrict__ w,               // (n, steps, states)
                         int n, int chunks, int steps, int states, int scan_from) {
    scan_both<WARP>(unary, matrices, plan, start, end, lengths, seams, forward, backward, w, n, chunks, steps,
        states, scan_from);
}
