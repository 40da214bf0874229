/*
convolution: convolution of images, its gradients, and with them the transposed convolution

formula      convolution  y[n,p,q,k] = f((y +) sum x[n,r,s,c] weight[k,i,j,c] + bias[k]) over i, j, c
             input        x[n,r,s,c] = f((x +) sum y[n,p,q,k] weight[k,i,j,c] + bias[c]) over i, j, k: the transposed
                          convolution, and the gradient of the other
             weight       dweight[k,i,j,c] (+)= sum y[n,p,q,k] x[n,r,s,c] over n, p, q: `parts` partial sums of `each`
                          pixels of y, then their sum
             where r = p stride_h + i - pad_h and s = q stride_w + j - pad_w; f by its code in common/functions.cuh
shapes       x (n, h, w, c), weight, dweight (k, kh, kw, c), y (n, oh, ow, k), bias (k) or (c) or null
             oh = (h + 2 pad_h - kh) / stride_h + 1 rounded down, ow likewise
             partials (parts, k, kh, kw, c), scratch between the two launches; parts each >= n oh ow
             taps = kh kw c, size = k taps, phases = stride_h stride_w
             pixels = n ceil(h / stride_h) ceil(w / stride_w)
types        f32, accumulated in f32
launch       convolution_f32: block 256, grid ceil(n * oh * ow / 64) x ceil(k / 64)
             convolution_input_pullback_f32: block 256, grid ceil(pixels / 64) x ceil(c / 64) x phases
             convolution_weight_pullback_f32: block 256, grid ceil(k / 64) x ceil(taps / 64) x parts
             convolution_weight_sums_pullback_f32: block 256, grid ceil(size / 1024)
ownership    caller owns every buffer; results are overwritten if first, else added into; partials are overwritten
edges        what a patch has outside of its image is 0, and an infinite weight there makes NaN.  A pixel of x that no
             tap reaches is f(bias).  Pixels of x and y up to 2^30, k and c up to 64 x 65535
determinism  bit contract: chains s = fma(first factor, second factor, s) from s = 0 along ascending (i, j, c),
             (i, j, k) or (n, p, q), zeros outside of an image included; then v = result + s if not first, then
             v + bias, then f.  Taps that the stride carries past a pixel are no part of its chain.  Partials are added
             in ascending order
bytes        convolution 4 (n oh ow taps ceil(k / 64) + size ceil(n oh ow / 64) + n oh ow k), input likewise;
             weight 4 (n oh ow (k ceil(taps / 64) + taps ceil(k / 64)) + 2 size parts + size)
versions     1  64 x 64 tiles of common/tiles.cuh; one phase of the stride at a time, so that no tap is multiplied by a
                zero that the stride put there; not timed  <- this file
reference    dev.elbo.runtime.cpu.ConvolutionMath
*/
#include "common/elements.cuh"
#include "common/functions.cuh"
#include "common/patches.cuh"

// What is done to each sum of a block before it is stored.
struct Finish {
    const float* bias;
    int function;
    float parameter;
    int first;
};

__device__ __forceinline__ void finish(const Finish& f, float sum, int channel, float* result) {
    float v = f.first ? sum : *result + sum;
    if (f.bias != nullptr) v = v + f.bias[channel];
    *result = function_of(f.function, v, f.parameter);
}

extern "C" __global__ void __launch_bounds__(TILE_BLOCK)
convolution_f32(const float* __restrict__ x,       // (n, h, w, c)
                const float* __restrict__ weight,  // (k, kh, kw, c)
                const float* __restrict__ bias,    // (k) or null
                float* __restrict__ y,             // (n, oh, ow, k)
                int n, int h, int w, int c, int k, int kh, int kw, int oh, int ow, int stride_h, int stride_w,
                int pad_h, int pad_w, int function, float parameter, int first) {
    __shared__ __align__(16) float shared[TILE * TILE];
    Pixels pixels = {oh, ow, n * oh * ow};
    int row = (int)blockIdx.x * TILE;
    int col = (int)blockIdx.y * TILE;
    int taps = kh * kw * c;
    sums_of_block(patch_rows(x, h, w, c, pixels, row, stride_h, stride_w, -pad_h, -pad_w, kw, 1),
                  strided(weight + (long long)col * taps, k - col, taps, 1), shared, taps);

    int j = (int)threadIdx.x % TILE;
    if (col + j >= k) return;
#pragma unroll 1
    for (int i = (int)threadIdx.x / TILE; i < TILE && row + i < pixels.count; i += TILE_BLOCK / TILE) {
        float* to = y + (long long)(row + i) * k + col + j;
        finish({bias, function, parameter, first}, shared[i * TILE + j], col + j, to);
    }
}

extern "C" __global__ void __launch_bounds__(TILE_BLOCK)
convolution_input_pullback_f32(const float* __restrict__ y,       // (n, oh, ow, k)
                               const float* __restrict__ weight,  // (k, kh, kw, c)
                               const float* __restrict__ bias,    // (c) or null
                               float* __restrict__ x,             // (n, h, w, c)
                               int n, int h, int w, int c, int k, int kh, int kw, int oh, int ow, int stride_h,
                               int stride_w, int pad_h, int pad_w, int pixels, int phases, int function,
                               float parameter, int first) {
    Geometry g = {n, h, w, c, k, kh, kw, oh, ow, stride_h, stride_w, pad_h, pad_w};
    Phase phase = phase_of(g, (int)blockIdx.z);
    int row = (int)blockIdx.x * TILE;
    int col = (int)blockIdx.y * TILE;
    if (row >= phase.pixels.count) return;

    __shared__ __align__(16) float shared[TILE * TILE];
    sums_of_block(patch_rows(y, oh, ow, k, phase.pixels, row, 1, 1, phase.from_row, phase.from_col, phase.tap_cols, -1),
                  phase_weights(weight, g, phase, col), shared, phase.tap_rows * phase.tap_cols * k);

    int j = (int)threadIdx.x % TILE;
    if (col + j >= c) return;
#pragma unroll 1
    for (int i = (int)threadIdx.x / TILE; i < TILE && row + i < phase.pixels.count; i += TILE_BLOCK / TILE) {
        Pixel at = pixel_of(phase.pixels, row + i);
        int line = at.image * h + phase.row + at.row * stride_h;
        float* to = x + ((long long)line * w + phase.col + at.col * stride_w) * c + col + j;
        finish({bias, function, parameter, first}, shared[i * TILE + j], col + j, to);
    }
}

extern "C" __global__ void __launch_bounds__(TILE_BLOCK)
convolution_weight_pullback_f32(const float* __restrict__ y,   // (n, oh, ow, k)
                                const float* __restrict__ x,   // (n, h, w, c)
                                float* __restrict__ partials,  // (parts, k, taps)
                                int n, int h, int w, int c, int k, int kh, int kw, int oh, int ow, int stride_h,
                                int stride_w, int pad_h, int pad_w, int taps, int parts, int each) {
    __shared__ __align__(16) float shared[TILE * TILE];
    Geometry g = {n, h, w, c, k, kh, kw, oh, ow, stride_h, stride_w, pad_h, pad_w};
    Pixels pixels = {oh, ow, n * oh * ow};
    int row = (int)blockIdx.x * TILE;
    int col = (int)blockIdx.y * TILE;
    int from = (int)blockIdx.z * each;
    sums_of_block(strided(y + (long long)from * k + row, k - row, 1, k), patch_columns(x, g, pixels, from, col), shared,
                  min(each, pixels.count - from));

    int j = (int)threadIdx.x % TILE;
    if (col + j >= taps) return;
    partials += (long long)blockIdx.z * k * taps;
#pragma unroll 1
    for (int i = (int)threadIdx.x / TILE; i < TILE && row + i < k; i += TILE_BLOCK / TILE) {
        partials[(long long)(row + i) * taps + col + j] = shared[i * TILE + j];
    }
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
convolution_weight_sums_pullback_f32(const float* __restrict__ partials,  // (parts, size)
                                     float* __restrict__ dweight,         // (size)
                                     long long size, int parts, int first) {
    long long e = first_of_thread();
    long long left = size - e;
    if (left <= 0) return;

    Quad sum = load(partials + e, left);
#pragma unroll 4
    for (int part = 1; part < parts; part++) {
        Quad more = load(partials + part * size + e, left);
        for (int i = 0; i < QUAD; i++) sum.at[i] += more.at[i];
    }
    contribute(dweight + e, sum, left, first);
}
