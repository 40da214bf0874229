/*
chain_logs: forward-backward over linear chains in f64 logarithms, for what f32 cannot vouch for; entropies

formula      alpha_t(j) = u_t(j) + log sum_i exp(alpha_{t-1}(i) + a(i,j))    log Z = log sum_j exp alpha_last(j)
             beta_t(i)  = log sum_j exp(a(i,j) + u_{t+1}(j) + beta_{t+1}(j))
             marginals  gamma_t(i) = exp(alpha + beta - log Z), or their slopes of the entropy
             pairs      xi_t(i,j) = exp(alpha_t(i) + a(i,j) + u_{t+1}(j) + beta_{t+1}(j) - log Z), or their slopes
             codes      C_t(j) = sum_i p (C_{t-1}(i) - log p), p = P(i at t - 1 | j at t): entropy of what came before
                        B_t(i) = sum_j p (B_{t+1}(j) - log p), p = P(j at t + 1 | i at t): entropy of what follows
             entropy    H = sum_i gamma_0(i) (B_0(i) - log gamma_0(i))
             slopes     dH/du_t(i) = gamma (C + B - log gamma - H), dH/da_t(i,j) = xi (C_t(i) + B_{t+1}(j) - log xi - H)
shapes       unary, logs, codes as [direction] (2, n, steps, states)    transitions (states, states), or (n, steps - 1,
             states, states) if per_step    start, end (states) or null    lengths, served (n)    log_z (n)    value,
             exact (n) or null    marginals (n, steps, states)    pairs (n, outer, states, states), outer = 1 for sums
             over the steps, steps - 1 if per_step
types        f32 scores and results; f64 in between
launch       chain_logs_f64: block 128, grid n x 2
             chain_serve_f64: block 128, grid ceil(n / 128)
             chain_codes_f64: block 128, grid n x 2
             chain_entropy_f64: block 128, grid n
             chain_marginals_f64: block 128, grid ceil(n * steps * states / 128)
             chain_pairs_f64: block 128, grid ceil(n * outer * states * states / 128)
ownership    caller owns every buffer; sequences that another form has served are left as they are; all others are
             overwritten, padding with 0
edges        length 0: log Z = 0, H = 0.  No path: log Z = -inf, H = NaN, marginals and slopes 0.  A NaN or +inf score
             poisons its own sequence.  Padding is never read.  states <= 1024
determinism  bitwise from run to run: one thread per state, sums ascending
bytes        passes 16 n steps states, and transitions from the cache at every step
versions     1  a block per sequence and direction, two walks over a column; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.LogSequence
*/
#include "common/chain.cuh"

#define LOG_BLOCK 128
#define WIDEST 1024  // states

// log sum exp of count terms.
template <typename Term>
__device__ __forceinline__ double log_sum(int count, Term term) {
    double max = -INFINITY;
    for (int i = 0; i < count; i++) {
        double x = term(i);
        max = x > max || x != x ? x : max;
    }
    if (max == -INFINITY) return max;
    double sum = 0.0;
    for (int i = 0; i < count; i++) {
        double x = term(i);
        if (x != -INFINITY) sum += portable64_exp(x - max);
    }
    return max + portable64_log(sum);
}

extern "C" __global__ void __launch_bounds__(LOG_BLOCK)
chain_logs_f64(const float* __restrict__ unary,        // (n, steps, states)
               const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
               const float* __restrict__ start,        // (states) or null
               const float* __restrict__ end,          // (states) or null
               const int* __restrict__ lengths,        // (n)
               const int* __restrict__ served,         // (n) or null
               double* __restrict__ logs,              // (2, n, steps, states)
               double* __restrict__ log_z,             // (n)
               int n, int steps, int states, int per_step) {
    __shared__ double row[WIDEST];
    int q = (int)blockIdx.x, backwards = (int)blockIdx.y;
    if (served && served[q] != CHAIN_OPEN) return;

    Sequence c = {unary, transitions, start, end, q, chain_length(lengths, q, steps), steps, states, per_step};
    double* x = logs + (size_t)backwards * n * steps * states;
    for (int k = 0; k < c.length; k++) {
        int t = backwards ? c.length - 1 - k : k;
        for (int j = (int)threadIdx.x; j < states; j += LOG_BLOCK) {
            double before = 0.0;
            auto from = [&](int i) { return row[i] + (backwards ? c.transition(t, j, i) : c.transition(t - 1, i, j)); };
            if (k > 0) before = log_sum(states, from);
            x[c.row(t) + j] = backwards ? before : c.score(t, j) + before;
        }
        __syncthreads();
        for (int j = (int)threadIdx.x; j < states; j += LOG_BLOCK) {
            row[j] = x[c.row(t) + j] + (backwards ? c.score(t, j) : 0.0);
        }
        __syncthreads();
    }
    if (threadIdx.x == 0 && !backwards) {
        log_z[q] = c.length == 0 ? 0.0 : log_sum(states, [&](int i) { return row[i]; });
    }
}

extern "C" __global__ void __launch_bounds__(LOG_BLOCK)
chain_serve_f64(const double* __restrict__ log_z,  // (n)
                float* __restrict__ value,         // (n) or null
                double* __restrict__ exact,        // (n) or null
                int* __restrict__ served,          // (n)
                int n, int all) {
    int q = (int)(blockIdx.x * LOG_BLOCK + threadIdx.x);
    if (q >= n || (!all && served[q] != CHAIN_OPEN)) return;

    served[q] = CHAIN_LOGS;
    if (value) value[q] = (float)log_z[q];
    if (exact) exact[q] = log_z[q];
}

extern "C" __global__ void __launch_bounds__(LOG_BLOCK)
chain_codes_f64(const float* __restrict__ unary,        // (n, steps, states)
                const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
                const float* __restrict__ start,        // (states) or null
                const float* __restrict__ end,          // (states) or null
                const int* __restrict__ lengths,        // (n)
                const double* __restrict__ logs,        // (2, n, steps, states)
                double* codes,                          // (2, n, steps, states)
                int n, int steps, int states, int per_step) {
    int q = (int)blockIdx.x, backwards = (int)blockIdx.y;
    Sequence c = {unary, transitions, start, end, q, chain_length(lengths, q, steps), steps, states, per_step};
    size_t at = (size_t)backwards * n * steps * states;
    const double* x = logs + at;
    double* code = codes + at;
    for (int k = 0; k < c.length; k++) {
        int t = backwards ? c.length - 1 - k : k;
        int from = backwards ? t + 1 : t - 1;
        for (int j = (int)threadIdx.x; j < states; j += LOG_BLOCK) {
            double sum = 0.0;
            double own = x[c.row(t) + j] - (backwards ? 0.0 : c.score(t, j));
            for (int i = 0; i < states && k > 0 && own != -INFINITY; i++) {
                double step = backwards ? c.transition(t, j, i) + c.score(from, i) : c.transition(from, i, j);
                double log_p = x[c.row(from) + i] + step - own;
                double p = portable64_exp(log_p);
                if (p != 0.0) sum += p * (code[c.row(from) + i] - log_p);
            }
            code[c.row(t) + j] = sum;
        }
        __syncthreads();
    }
}

extern "C" __global__ void __launch_bounds__(LOG_BLOCK)
chain_entropy_f64(const int* __restrict__ lengths,   // (n)
                  const double* __restrict__ logs,   // (2, n, steps, states)
                  const double* __restrict__ codes,  // (2, n, steps, states)
                  const double* __restrict__ log_z,  // (n)
                  float* __restrict__ value,         // (n)
                  double* __restrict__ entropy,      // (n)
                  int* __restrict__ served,          // (n)
                  int n, int steps, int states) {
    __shared__ double cells[LOG_BLOCK / WARP];
    int q = (int)blockIdx.x;
    size_t from = (size_t)q * steps * states, backward = (size_t)n * steps * states;
    double sum = 0.0;
    bool any = chain_length(lengths, q, steps) > 0;
    for (int j = (int)threadIdx.x; any && j < states; j += LOG_BLOCK) {
        double log_p = logs[from + j] + logs[backward + from + j] - log_z[q];
        double p = portable64_exp(log_p);
        if (p != 0.0) sum += p * (codes[backward + from + j] - log_p);
    }
    sum = block_sum(sum, cells);
    if (threadIdx.x > 0) return;
    entropy[q] = log_z[q] == -INFINITY ? NAN : sum;
    value[q] = (float)entropy[q];
    served[q] = CHAIN_LOGS;
}

extern "C" __global__ void __launch_bounds__(LOG_BLOCK)
chain_marginals_f64(const int* __restrict__ lengths,     // (n)
                    const int* __restrict__ served,      // (n)
                    const double* __restrict__ logs,     // (2, n, steps, states)
                    const double* __restrict__ codes,    // (2, n, steps, states) or null
                    const double* __restrict__ log_z,    // (n)
                    const double* __restrict__ entropy,  // (n) or null
                    float* __restrict__ marginals,       // (n, steps, states)
                    int n, int steps, int states) {
    long long e = (long long)blockIdx.x * LOG_BLOCK + threadIdx.x;
    long long backward = (long long)n * steps * states;
    if (e >= backward) return;

    int q = (int)(e / states / steps), t = (int)(e / states % steps);
    if (served[q] != CHAIN_LOGS) return;
    double p = 0.0;
    if (t < chain_length(lengths, q, steps) && log_z[q] != -INFINITY) {
        double log_p = logs[e] + logs[backward + e] - log_z[q];
        p = portable64_exp(log_p);
        if (codes && p != 0.0) p *= codes[e] + codes[backward + e] - log_p - entropy[q];
    }
    marginals[e] = (float)p;
}

extern "C" __global__ void __launch_bounds__(LOG_BLOCK)
chain_pairs_f64(const float* __restrict__ unary,        // (n, steps, states)
                const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
                const float* __restrict__ start,        // (states) or null
                const float* __restrict__ end,          // (states) or null
                const int* __restrict__ lengths,        // (n)
                const int* __restrict__ served,         // (n)
                const double* __restrict__ logs,        // (2, n, steps, states)
                const double* __restrict__ codes,       // (2, n, steps, states) or null
                const double* __restrict__ log_z,       // (n)
                const double* __restrict__ entropy,     // (n) or null
                float* __restrict__ pairs,              // (n, outer, states, states)
                int n, int outer, int steps, int states, int per_step) {
    long long e = (long long)blockIdx.x * LOG_BLOCK + threadIdx.x;
    long long square = (long long)states * states;
    if (e >= n * outer * square) return;

    int q = (int)(e / square / outer), i = (int)(e % square / states), j = (int)(e % states);
    if (served[q] != CHAIN_LOGS) return;
    Sequence c = {unary, transitions, start, end, q, chain_length(lengths, q, steps), steps, states, per_step};
    long long backward = (long long)n * steps * states;
    int t = per_step ? (int)(e / square % outer) : 0;
    int to = per_step ? min(t + 1, c.length - 1) : c.length - 1;
    double sum = 0.0;
    for (; t < to && log_z[q] != -INFINITY; t++) {
        double after = c.score(t + 1, j) + logs[backward + c.row(t + 1) + j];
        double log_p = logs[c.row(t) + i] + c.transition(t, i, j) + after - log_z[q];
        double p = portable64_exp(log_p);
        if (codes && p != 0.0) p *= codes[c.row(t) + i] + codes[backward + c.row(t + 1) + j] - log_p - entropy[q];
        sum += p;
    }
    pairs[e] = (float)sum;
}
