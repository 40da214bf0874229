/*
chain_gradients: the likelihood of labels, and how a value per sequence flows back to the scores of linear chains

formula      likelihood  value = score of the labels - log Z in f64; its slopes = labels counted - expected counts
             scale       dx[q,e] = dvalue[q] x[q,e]
             sum         dx[e] = sum_q dvalue[q] x[q,e]
             edges       dx[i] = sum_q dvalue[q] x[q,t,i], t the first or last step of each sequence
shapes       unary (n, steps, states)    transitions (states, states), or (n, steps - 1, states, states) if per_step
             start, end (states) or null    lengths, served (n)    labels (n, steps)    log_z, value, dvalue (n)
             dunary (n, steps, states) or null    dpairs (n, outer, states, states) or null, outer = 1 or steps - 1
             scale, sum: x (n, each)    edges: x (n, steps, states), dx (states)
types        f32; scores and sums in f64; i32 labels
launch       chain_likelihood_f32: block 128, grid n
             chain_scale_pullback_f32: block 128, grid ceil(n * each / 128)
             chain_sum_pullback_f32: block 128, grid ceil(each / 128)
             chain_edges_pullback_f32: block 128, grid ceil(states / 128)
ownership    caller owns every buffer; likelihood turns the marginals in dunary and dpairs into slopes; dx is
             overwritten if first, else added to
edges        a path that the scores forbid: -inf and slopes 0; a label that is no state: NaN and slopes 0.  Length 0:
             value 0, no part in edges
determinism  bitwise from run to run: sums over q ascend, in f64; nothing depends on the other sequences but those sums
bytes        likelihood 8 n (steps states + outer states^2); scale 8 n each; sum 4 n each + 4 each
versions     1  a thread per element of what is written; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.ChainSequences, dev.elbo.runtime.cpu.LoopedChain
*/
#include "common/chain.cuh"
#include "common/elements.cuh"

#define GRADIENT_BLOCK 128

// The label at t, or -1 if it is none.
__device__ __forceinline__ int label_at(const int* labels, int t, int states) {
    return labels[t] >= 0 && labels[t] < states ? labels[t] : -1;
}

extern "C" __global__ void __launch_bounds__(GRADIENT_BLOCK)
chain_likelihood_f32(const float* __restrict__ unary,        // (n, steps, states)
                     const float* __restrict__ transitions,  // (states, states) or (n, steps - 1, states, states)
                     const float* __restrict__ start,        // (states) or null
                     const float* __restrict__ end,          // (states) or null
                     const int* __restrict__ lengths,        // (n)
                     const int* __restrict__ labels,         // (n, steps)
                     const double* __restrict__ log_z,       // (n)
                     float* __restrict__ value,              // (n)
                     float* __restrict__ dunary,             // (n, steps, states) or null
                     float* __restrict__ dpairs,             // (n, outer, states, states) or null
                     int n, int outer, int steps, int states, int per_step) {
    __shared__ double cells[GRADIENT_BLOCK / WARP];
    long long q = blockIdx.x;
    int length = chain_length(lengths, (int)q, steps);
    labels += q * steps;
    double score = 0.0;
    for (int t = (int)threadIdx.x; t < length; t += GRADIENT_BLOCK) {
        int to = label_at(labels, t, states), from = t > 0 ? label_at(labels, t - 1, states) : 0;
        bool known = to >= 0 && from >= 0;
        score += known ? chain_score(unary, start, end, q, t, to, length, steps, states) : (double)NAN;
        if (!known || t == 0) continue;
        score += chain_matrix(transitions, q, t - 1, steps, states, per_step)[(long long)from * states + to];
    }
    score = block_sum(score, cells);
    double likelihood = score == -INFINITY ? score : score - log_z[q];
    if (threadIdx.x == 0) value[q] = (float)likelihood;
    bool possible = likelihood != -INFINITY && score == score;
    long long row = (long long)steps * states, square = (long long)states * states;
    for (long long e = threadIdx.x; dunary && e < row; e += GRADIENT_BLOCK) {
        int t = (int)(e / states), j = (int)(e % states);
        float counted = t < length && labels[t] == j ? 1.0f : 0.0f;
        dunary[q * row + e] = possible ? counted - dunary[q * row + e] : 0.0f;
    }
    for (long long e = threadIdx.x; dpairs && e < outer * square; e += GRADIENT_BLOCK) {
        int i = (int)(e % square / states), j = (int)(e % states);
        int from = per_step ? (int)(e / square) : 0;
        int to = per_step ? min(from + 1, length - 1) : length - 1;
        float counted = 0.0f;
        for (int t = from; t < to; t++) counted += labels[t] == i && labels[t + 1] == j ? 1.0f : 0.0f;
        float* slope = dpairs + q * outer * square + e;
        *slope = possible ? counted - *slope : 0.0f;
    }
}

extern "C" __global__ void __launch_bounds__(GRADIENT_BLOCK)
chain_scale_pullback_f32(const float* __restrict__ dvalue,  // (n)
                         const float* __restrict__ x,       // (n, each)
                         float* __restrict__ dx,            // (n, each)
                         int n, long long each, int first) {
    long long e = (long long)blockIdx.x * GRADIENT_BLOCK + threadIdx.x;
    if (e >= n * each) return;

    contribute(dx + e, dvalue[e / each] * x[e], first);
}

extern "C" __global__ void __launch_bounds__(GRADIENT_BLOCK)
chain_sum_pullback_f32(const float* __restrict__ dvalue,  // (n)
                       const float* __restrict__ x,       // (n, each)
                       float* __restrict__ dx,            // (each)
                       int n, long long each, int first) {
    long long e = (long long)blockIdx.x * GRADIENT_BLOCK + threadIdx.x;
    if (e >= each) return;

    double sum = 0.0;
    for (int q = 0; q < n; q++) sum = __fma_rn((double)dvalue[q], (double)x[q * each + e], sum);
    contribute(dx + e, (float)sum, first);
}

extern "C" __global__ void __launch_bounds__(GRADIENT_BLOCK)
chain_edges_pullback_f32(const int* __restrict__ lengths,   // (n)
                         const float* __restrict__ dvalue,  // (n)
                         const float* __restrict__ x,       // (n, steps, states)
                         float* __restrict__ dx,            // (states)
                         int n, int steps, int states, int last, int first) {
    int i = (int)(blockIdx.x * GRADIENT_BLOCK + threadIdx.x);
    if (i >= states) return;

    double sum = 0.0;
    for (int q = 0; q < n; q++) {
        int length = chain_length(lengths, q, steps);
        if (length == 0) continue;
        long long at = ((long long)q * steps + (last ? length - 1 : 0)) * states + i;
        sum = __fma_rn((double)dvalue[q], (double)x[at], sum);
    }
    contribute(dx + i, (float)sum, first);
}
