/*
optimize: one update of one contiguous range of parameters, decided and clipped on the device

formula      control           norm = sqrt(sum partials), the partials of g^2 by sum_segments_f32 of reduce;
                               scale = max_norm / norm where 0 < max_norm < norm, else 1;
                               norm or loss not finite: SKIP leaves this update out, FREEZE it and all that follow
                               until the host clears the word; else t = t + 1, correction k = 1 / (1 - beta_k^t);
                               rate = table[min(step / interval, length - 1)]; loss_sum = loss_sum + loss;
                               then, if it is the last of the step and nothing is frozen, step = step + 1
             each update, only if control says apply: h = scale g, h = h + weight_decay p unless decoupled, r = rate
             sgd               u = momentum u + h; p = p - r u, with Nesterov p - r (h + momentum u), without u p - r h
             rmsprop           v = decay v + (1 - decay) h^2; d = h / (sqrt v + epsilon); p as in sgd with d for h
             adam              m = beta1 m + (1 - beta1) h; v = beta2 v + (1 - beta2) h^2; c1, c2 the corrections
                               OUTSIDE      d = (m c1) / (sqrt(v c2) + epsilon)
                               UNCORRECTED  d = (m (c1 / sqrt c2)) / (sqrt v + epsilon)
                               INSIDE       d = (m c1) / sqrt(v c2 + epsilon)
                               p = p - r d, decoupled p = p - r (d + weight_decay p)
             withdraw          p = before, only if control says not to apply
shapes       p, g, m, v, u, before (n)    partials (ceil(n / 1024))    rate, loss (1)
             control (8) words, see common/control.cuh; noise (4) = {seed low, seed high, step low, step high} and
             frozen (1) word, which several optimizers may share; table (length)
types        f32; norm and powers of beta in f64; control u32
launch       control_f32: block 16, grid 1
             sgd_f32, rmsprop_f32, adam_f32, withdraw_f32: block 256, grid ceil(n / 1024)
ownership    caller owns every buffer; updates change p and the moments in place; control is changed by control_f32
             and the host, and so are frozen and noise; rate is overwritten by control_f32
edges        no partials (null): norm 0 and only the loss decides; no loss (null): only the gradient.  policy IGNORE
             applies all. While frozen is set nothing is applied or counted
determinism  bit contract: the partials in the row order of common/rows.cuh; beta^t by squaring, from the lowest bit
             of t up; a b + c above is fma where the source says so
bytes        sgd 12 n, with u 20 n; rmsprop 20 n, with u 28 n; adam 28 n; withdraw 0, or 8 n
versions     3  control_f32 looks the rate up, adds losses and ends the step, three launches less; not timed
                <- this file
             2  the word that freezes is an argument, so that optimizers can share one; not yet timed
             1  four elements per thread; three nodes with clipping; that word in each control
reference    dev.elbo.runtime, host branches of the optimizers
*/
#include "common/clock.cuh"
#include "common/control.cuh"
#include "common/elements.cuh"
#include "common/rows.cuh"

// What to do with an update that is not finite.
#define IGNORE 0
#define SKIP 1
#define FREEZE 2

// Where adam puts epsilon.
#define OUTSIDE 0
#define UNCORRECTED 1
#define INSIDE 2

// b^t: the powers of two of the exponent, from the lowest up.
__device__ __forceinline__ double power(double b, unsigned t) {
    double p = 1.0;
    for (; t != 0; t >>= 1) {
        if (t & 1) p *= b;
        b *= b;
    }
    return p;
}

extern "C" __global__ void __launch_bounds__(LANES)
control_f32(const double* __restrict__ partials,  // (count) or null
            const float* __restrict__ loss,       // (1) or null
            unsigned* __restrict__ control,       // (8)
            unsigned* __restrict__ frozen,        // (1)
            unsigned* __restrict__ noise,         // (4)
            const float* __restrict__ table,      // (length)
            float* __restrict__ rate,             // (1)
            int count, int length, int interval, float max_norm, float beta1, float beta2, int policy, int last) {
    double sum = 0.0;
    if (partials != nullptr) {
#pragma unroll 4
        for (int j = lane_of_thread(); j < count; j += LANES) sum += partials[j];
        sum = lanes_sum(sum);
    }
    if (lane_of_thread() != 0) return;

    float norm = (float)sqrt(sum);
    bool finite = sum < (double)INFINITY && (loss == nullptr || fabsf(*loss) < INFINITY);
    bool clipped = max_norm > 0.0f && norm > max_norm;
    if (!finite && policy == FREEZE) *frozen = 1;
    bool still = *frozen != 0;
    bool apply = !still && (finite || policy == IGNORE);
    unsigned t = control[UPDATES] + (apply ? 1 : 0);
    control[UPDATES] = t;
    control[APPLY] = apply ? 1 : 0;
    if (!apply && !still) control[SKIPPED] += 1;
    control[NORM] = __float_as_uint(norm);
    control[SCALE] = __float_as_uint(clipped ? max_norm / norm : 1.0f);
    control[CORRECTION_1] = __float_as_uint((float)(1.0 / (1.0 - power((double)beta1, t))));
    control[CORRECTION_2] = __float_as_uint((float)(1.0 / (1.0 - power((double)beta2, t))));
    if (loss != nullptr) control[LOSS_SUM] = __float_as_uint(__uint_as_float(control[LOSS_SUM]) + *loss);
    *rate = scheduled(noise + STEP_LOW, table, length, interval);
    if (last && !still) raise_step(noise, 1);
}

// The gradient as the update sees it: scaled, and with weight decay that is not decoupled.
__device__ __forceinline__ float clipped(float g, float p, float scale, float weight_decay) {
    float h = scale * g;
    return weight_decay != 0.0f ? __fmaf_rn(weight_decay, p, h) : h;
}

// p after a step along d, by way of a velocity where there is one.
__device__ __forceinline__ Quad moved(Quad p, Quad d, float* u, long long left, float rate, float momentum,
                                      int nesterov) {
    if (u != nullptr) {
        Quad velocity = load(u, left);
        for (int i = 0; i < QUAD; i++) {
            velocity.at[i] = __fmaf_rn(momentum, velocity.at[i], d.at[i]);
            d.at[i] = nesterov ? __fmaf_rn(momentum, velocity.at[i], d.at[i]) : velocity.at[i];
        }
        store(u, velocity, left);
    }
    for (int i = 0; i < QUAD; i++) p.at[i] = __fmaf_rn(-rate, d.at[i], p.at[i]);
    return p;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
sgd_f32(float* __restrict__ p,                 // (n)
        const float* __restrict__ g,           // (n)
        float* __restrict__ u,                 // (n) or null
        const float* __restrict__ rate,        // (1)
        const unsigned* __restrict__ control,  // (8)
        long long n, float momentum, int nesterov, float weight_decay) {
    long long e = first_of_thread();
    if (e >= n || control[APPLY] == 0) return;

    long long left = n - e;
    Quad q = load(p + e, left);
    Quad d = load(g + e, left);
    float scale = __uint_as_float(control[SCALE]);
    for (int i = 0; i < QUAD; i++) d.at[i] = clipped(d.at[i], q.at[i], scale, weight_decay);
    store(p + e, moved(q, d, u != nullptr ? u + e : u, left, *rate, momentum, nesterov), left);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
rmsprop_f32(float* __restrict__ p,                 // (n)
            const float* __restrict__ g,           // (n)
            float* __restrict__ v,                 // (n)
            float* __restrict__ u,                 // (n) or null
            const float* __restrict__ rate,        // (1)
            const unsigned* __restrict__ control,  // (8)
            long long n, float decay, float epsilon, float momentum, float weight_decay) {
    long long e = first_of_thread();
    if (e >= n || control[APPLY] == 0) return;

    long long left = n - e;
    Quad q = load(p + e, left);
    Quad d = load(g + e, left);
    Quad second = load(v + e, left);
    float scale = __uint_as_float(control[SCALE]);
    for (int i = 0; i < QUAD; i++) {
        float h = clipped(d.at[i], q.at[i], scale, weight_decay);
        second.at[i] = __fmaf_rn(decay, second.at[i], (1.0f - decay) * h * h);
        d.at[i] = h / (__fsqrt_rn(second.at[i]) + epsilon);
    }
    store(v + e, second, left);
    store(p + e, moved(q, d, u != nullptr ? u + e : u, left, *rate, momentum, 0), left);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
adam_f32(float* __restrict__ p,                 // (n)
         const float* __restrict__ g,           // (n)
         float* __restrict__ m,                 // (n)
         float* __restrict__ v,                 // (n)
         const float* __restrict__ rate,        // (1)
         const unsigned* __restrict__ control,  // (8)
         long long n, float beta1, float beta2, float epsilon, int where, float weight_decay, int decoupled) {
    long long e = first_of_thread();
    if (e >= n || control[APPLY] == 0) return;

    long long left = n - e;
    Quad q = load(p + e, left);
    Quad d = load(g + e, left);
    Quad mean = load(m + e, left);
    Quad second = load(v + e, left);
    float scale = __uint_as_float(control[SCALE]);
    float c1 = __uint_as_float(control[CORRECTION_1]);
    float c2 = __uint_as_float(control[CORRECTION_2]);
    if (where == UNCORRECTED) {
        c1 = c1 / __fsqrt_rn(c2);
        c2 = 1.0f;
    }
    for (int i = 0; i < QUAD; i++) {
        float h = clipped(d.at[i], q.at[i], scale, decoupled ? 0.0f : weight_decay);
        mean.at[i] = __fmaf_rn(beta1, mean.at[i], (1.0f - beta1) * h);
        second.at[i] = __fmaf_rn(beta2, second.at[i], (1.0f - beta2) * h * h);
        float square = second.at[i] * c2;
        float root = where == INSIDE ? __fsqrt_rn(square + epsilon) : __fsqrt_rn(square) + epsilon;
        float step = mean.at[i] * c1 / root;
        if (decoupled && weight_decay != 0.0f) step = __fmaf_rn(weight_decay, q.at[i], step);
        q.at[i] = __fmaf_rn(-*rate, step, q.at[i]);
    }
    store(m + e, mean, left);
    store(v + e, second, left);
    store(p + e, q, left);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
withdraw_f32(float* __restrict__ p,                 // (n)
             const float* __restrict__ before,      // (n)
             const unsigned* __restrict__ control,  // (8)
             long long n) {
    long long e = first_of_thread();
    if (e >= n || control[APPLY] != 0) return;

    long long left = n - e;
    store(p + e, load(before + e, left), left);
}
