/*
chain_paths: single paths through linear chains: the best ones, and draws

formula      best_paths  ways(t,j,.) = u_t(j) + the k best of ways(t-1,i,r) + a(i,j) over all i and r
             samples     y_last ~ exp alpha_last, then y_t ~ exp(alpha_t(i) + a(i, y_{t+1})), each by one uniform number
shapes       unary (n, steps, states)    transitions (states, states), or (n, steps - 1, states, states) if per_step
             start, end (states) or null    lengths (n)    ways (n, 2, states, k)    links (n, steps, states, k)
             taken (n, states, states)    paths (n, k, steps), (n, draws, steps)    scores (n, k)    alphas (n, steps,
             states)    log_z (n)    noise (4)
types        f32 scores in and out, f64 in between; i32 paths, u32 words
launch       chain_best_paths_f64: block 128, grid n
             chain_samples_f64: block 128, grid ceil(n * draws / 128)
ownership    caller owns every buffer; paths and scores are overwritten; ways, links and taken are room to work in
edges        ties go to the lower predecessor, and to the lower last state.  No further path: score -inf, path -1.
             Padding: -1.  A NaN or +inf score: score NaN, path -1.  length 0: one path without states, of score 0.
             draws where no path is possible: -1
determinism  bitwise from run to run; best_paths as the reference in every bit, since it adds and compares alone; draws
             by element (q draws + m) steps + t of the operation's noise
bytes        best_paths 8 n steps states k, transitions and taken from the cache
versions     1  a block per sequence, a thread per state and per draw; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.BestPaths, dev.elbo.runtime.cpu.ChainSequences
*/
#include "common/chain.cuh"
#include "common/draws.cuh"

#define PATH_BLOCK 128

// The k best of ways(i,r) + into(i), each + score, best first, to `to`; where they came from to `link`.
template <typename Into>
__device__ __forceinline__ void merge(const double* ways, Into into, int states, int k, double score, int* taken,
                                      double* to, int* link) {
    for (int i = 0; i < states; i++) taken[i] = 0;
    for (int rank = 0; rank < k; rank++) {
        double best = -INFINITY;
        int from = -1;
        for (int i = 0; i < states; i++) {
            double way = taken[i] < k ? ways[(size_t)i * k + taken[i]] + into(i) : -INFINITY;
            if (way > best) {
                best = way;
                from = i;
            }
        }
        to[rank] = best + score;
        link[rank] = from < 0 ? -1 : from * k + taken[from]++;
    }
}

// Follows one path backwards, from its way into the last step.
__device__ __forceinline__ void trace(const int* links, int way, int length, int states, int k, int* path) {
    for (int t = length - 1; t >= 0; t--) {
        path[t] = way / k;
        if (t > 0) way = links[(size_t)t * states * k + way];
    }
}

extern "C" __global__ void __launch_bounds__(PATH_BLOCK)
chain_best_paths_f64(const float* __restrict__ unary,        // (n, steps, states)
                     const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
                     const float* __restrict__ start,        // (states) or null
                     const float* __restrict__ end,          // (states) or null
                     const int* __restrict__ lengths,        // (n)
                     double* ways,                           // (n, 2, states, k)
                     int* links,                             // (n, steps, states, k)
                     int* taken,                             // (n, states, states)
                     int* __restrict__ paths,                // (n, k, steps)
                     float* __restrict__ scores,             // (n, k)
                     int n, int steps, int states, int per_step, int k) {
    long long q = blockIdx.x;
    int length = chain_length(lengths, (int)q, steps);
    size_t each = (size_t)states * k;
    double* rows[2] = {ways + q * 2 * each, ways + q * 2 * each + each};
    links += q * steps * each;
    taken += q * states * states;
    bool bad = false;
    for (int t = 0; t < length; t++) {
        const double* before = rows[(t + 1) % 2];
        const float* a = chain_matrix(transitions, q, max(t - 1, 0), steps, states, per_step);
        for (int j = (int)threadIdx.x; j < states; j += PATH_BLOCK) {
            double score = chain_score(unary, start, end, q, t, j, length, steps, states);
            double* row = rows[t % 2] + (size_t)j * k;
            bad |= !(score < INFINITY);
            for (int i = 0; i < states && t > 0; i++) bad |= !(a[(size_t)i * states + j] < INFINITY);
            for (int r = 0; r < k; r++) row[r] = r == 0 ? score : -INFINITY;
            if (t == 0) continue;
            auto into = [&](int i) { return (double)a[(size_t)i * states + j]; };
            merge(before, into, states, k, score, taken + (size_t)j * states, row, links + t * each + (size_t)j * k);
        }
        __syncthreads();
    }
    bad = __syncthreads_or(bad);
    for (int e = (int)threadIdx.x; e < k * steps; e += PATH_BLOCK) paths[q * k * steps + e] = -1;
    __syncthreads();
    if (threadIdx.x > 0) return;
    // The first step has no links, so their room serves for the last merge; the other row of ways for its scores.
    double* best = rows[length % 2];
    if (length > 0) merge(rows[(length + 1) % 2], [](int) { return 0.0; }, states, k, 0.0, taken, best, links);
    for (int rank = 0; rank < k; rank++) {
        double score = length > 0 ? best[rank] : rank == 0 ? 0.0 : -INFINITY;
        scores[q * k + rank] = bad ? NAN : (float)score;
        if (bad || length == 0 || score == -INFINITY) continue;
        trace(links, links[rank], length, states, k, paths + (q * k + rank) * steps);
    }
}

// The first state whose cumulated probability exceeds u; the last possible one if rounding leaves none.
template <typename Log>
__device__ __forceinline__ int pick(int states, Log log_p, double u) {
    double max = -INFINITY, sum = 0.0, all = 0.0;
    for (int i = 0; i < states; i++) max = fmax(max, log_p(i));
    for (int i = 0; i < states; i++) all += portable64_exp(log_p(i) - max);
    int last = 0;
    for (int i = 0; i < states; i++) {
        double p = portable64_exp(log_p(i) - max) / all;
        sum += p;
        if (p > 0.0) last = i;
        if (p > 0.0 && sum > u) return i;
    }
    return last;
}

extern "C" __global__ void __launch_bounds__(PATH_BLOCK)
chain_samples_f64(const double* __restrict__ alphas,      // (n, steps, states)
                  const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
                  const int* __restrict__ lengths,        // (n)
                  const double* __restrict__ log_z,       // (n)
                  const unsigned* __restrict__ noise,     // (4)
                  int* __restrict__ paths,                // (n, draws, steps)
                  unsigned operation, int n, int draws, int steps, int states, int per_step) {
    long long row = (long long)blockIdx.x * PATH_BLOCK + threadIdx.x;
    if (row >= (long long)n * draws) return;

    long long q = row / draws;
    int length = isfinite(log_z[q]) ? chain_length(lengths, (int)q, steps) : 0;
    int* path = paths + row * steps;
    for (int t = length; t < steps; t++) path[t] = -1;
    int state = 0;
    for (int t = length - 1; t >= 0; t--) {
        const double* alpha = alphas + (q * steps + t) * states;
        const float* a = chain_matrix(transitions, q, min(t, length - 2), steps, states, per_step);
        bool last = t == length - 1;
        auto log_p = [&](int i) { return last ? alpha[i] : alpha[i] + a[(size_t)i * states + state]; };
        state = pick(states, log_p, (double)uniform_of(word_at(noise, operation, row * steps + t)));
        path[t] = state;
    }
}
