/*
random: uniforms, normals and coin flips from Philox4x32-10, the same on every device

formula      uniform           y[e] = (word >> 8) 2^-24, in [0, 1)
             normal            y[e] ~ N(0, 1), Box-Muller over the word pairs (0, 1) and (2, 3) of a block
             bernoulli         y[e] = 1 with probability p, else 0
             bernoulli_each    y[e] = 1 with probability p[e], else 0
             bernoulli_logits  y[e] = 1 with probability sigmoid(x[e]), else 0
             dropout           y[e] = scale x[e] with probability keep, else 0; dropout is its own pullback, on dy
             the word of element e is word e % 4 of Philox block {e / 4, operation, step} under the key {seed}
shapes       x, y, p (n), any shape    noise (4) = {seed low, seed high, step low, step high}
types        u32 words, f32 draws
launch       uniform_f32, normal_f32, bernoulli_f32: block 256, grid ceil(n / 1024)
             bernoulli_each_f32, bernoulli_logits_f32, dropout_f32: block 256, grid ceil(n / 1024)
ownership    caller owns every buffer; y is overwritten; dropout overwrites if first, else adds; noise is read only; y
             may be x or p
edges        p <= 0 or NaN: never 1.  p >= 1: always 1.  n up to 2^34, not only multiples of 4.  x = NaN: never 1
determinism  bit contract: an element depends on seed, step, operation and its own number, on nothing of the launch
bytes        4 n; with p or x 8 n
versions     1  one Philox block, four elements, per thread  <- this file
reference    dev.elbo.runtime.random.Rng
*/
#include "common/draws.cuh"

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
uniform_f32(float* __restrict__ y,               // (n)
            const unsigned* __restrict__ noise,  // (4)
            unsigned operation, long long n) {
    long long e = first_of_thread();
    if (e >= n) return;

    PhiloxBlock block = quad_noise(noise, operation, e);
    Quad q;
    for (int i = 0; i < QUAD; i++) q.at[i] = uniform_of(block.word[i]);
    store(y + e, q, n - e);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
normal_f32(float* __restrict__ y,               // (n)
           const unsigned* __restrict__ noise,  // (4)
           unsigned operation, long long n) {
    long long e = first_of_thread();
    if (e >= n) return;

    store(y + e, quad_normals(noise, operation, e), n - e);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
bernoulli_f32(float* __restrict__ y,               // (n)
              const unsigned* __restrict__ noise,  // (4)
              unsigned operation, long long n, float p) {
    long long e = first_of_thread();
    if (e >= n) return;

    PhiloxBlock block = quad_noise(noise, operation, e);
    Quad q;
    for (int i = 0; i < QUAD; i++) q.at[i] = bernoulli_of(block.word[i], p);
    store(y + e, q, n - e);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
bernoulli_each_f32(const float* p,                      // (n)
                   float* y,                            // (n)
                   const unsigned* __restrict__ noise,  // (4)
                   unsigned operation, long long n) {
    long long e = first_of_thread();
    if (e >= n) return;

    PhiloxBlock block = quad_noise(noise, operation, e);
    Quad q = load(p + e, n - e);
    for (int i = 0; i < QUAD; i++) q.at[i] = bernoulli_of(block.word[i], q.at[i]);
    store(y + e, q, n - e);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
bernoulli_logits_f32(const float* x,                      // (n)
                     float* y,                            // (n)
                     const unsigned* __restrict__ noise,  // (4)
                     unsigned operation, long long n) {
    long long e = first_of_thread();
    if (e >= n) return;

    PhiloxBlock block = quad_noise(noise, operation, e);
    Quad q = load(x + e, n - e);
    for (int i = 0; i < QUAD; i++) q.at[i] = bernoulli_of(block.word[i], portable_sigmoid(q.at[i]));
    store(y + e, q, n - e);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
dropout_f32(const float* x,                      // (n)
            float* y,                            // (n)
            const unsigned* __restrict__ noise,  // (4)
            unsigned operation, long long n, float keep, float scale, int first) {
    long long e = first_of_thread();
    if (e >= n) return;

    PhiloxBlock block = quad_noise(noise, operation, e);
    Quad q = load(x + e, n - e);
    for (int i = 0; i < QUAD; i++) q.at[i] = bernoulli_of(block.word[i], keep) != 0.0f ? scale * q.at[i] : 0.0f;
    contribute(y + e, q, n - e, first);
}
