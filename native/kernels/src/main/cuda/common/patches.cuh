// Images as operands of a product by tiles: a convolution is the product of the patches of its images with its weights,
// and no patch is ever written to memory.
#pragma once

#include "tiles.cuh"

// What a convolution is made of: x (n,h,w,c), weight (k,kh,kw,c), y (n,oh,ow,k).
//
//   y[n,p,q,k] = sum_{i,j,c} x[n, p stride_h + i - pad_h, q stride_w + j - pad_w, c] weight[k,i,j,c]
struct Geometry {
    int n, h, w, c, k, kh, kw, oh, ow, stride_h, stride_w, pad_h, pad_w;
};

// Pixels of a batch of images, numbered one image after the other, row by row.
struct Pixels {
    int rows, cols, count;
};

struct Pixel {
    int image, row, col;
};

__device__ __forceinline__ Pixel pixel_of(const Pixels& pixels, int number) {
    int line = number / pixels.cols;
    int image = line / pixels.rows;
    return {image, line - image * pixels.rows, number - line * pixels.cols};
}

#define NOWHERE (-(1 << 30))  // a row that no image has, nor any within a patch of it

// Patches as rows of an operand: one for each pixel, its columns (tap row, tap column, channel). Tap (i, j) of the
// patch at (row, col) is the pixel (row + i, col + j) of the image, or (row - i, col - j) where `towards` is -1.
struct PatchRows {
    Share share;
    const float* images;
    int height, width, channels;
    int tap_cols, towards;
    int row[SHARE], col[SHARE], corner[SHARE];  // of tap (0, 0); corner: number of that pixel

    __device__ __forceinline__ void fetch(int k, int inner, float* values) const {
        int e = k + share.inner;
        int tap = e / channels;
        int i = tap / tap_cols * towards;
        int j = tap % tap_cols * towards;
#pragma unroll
        for (int q = 0; q < SHARE; q++) {
            bool inside = e < inner && (unsigned)(row[q] + i) < (unsigned)height &&
                          (unsigned)(col[q] + j) < (unsigned)width;
            long long pixel = corner[q] + i * width + j;
            values[q] = inside ? __ldg(images + pixel * channels + e % channels) : 0.0f;
        }
    }
};

// Patches of those `pixels` that this block begins with: that of (row, col) has its corner at
// (row stride_h + from_row, col stride_w + from_col).
__device__ __forceinline__ PatchRows patch_rows(const float* images, int height, int width, int channels,
                                                const Pixels& pixels, int first, int stride_h, int stride_w,
                                                int from_row, int from_col, int tap_cols, int towards) {
    PatchRows patches = {share_along_inner(), images, height, width, channels, tap_cols, towards};
#pragma unroll
    for (int q = 0; q < SHARE; q++) {
        int number = first + patches.share.outer + q * patches.share.outer_step;
        Pixel at = pixel_of(pixels, number);
        patches.row[q] = number < pixels.count ? at.row * stride_h + from_row : NOWHERE;
        patches.col[q] = at.col * stride_w + from_col;
        patches.corner[q] = (at.image * height + at.row * stride_h + from_row) * width + patches.col[q];
    }
    return patches;
}

// Patches as columns of an operand: its rows are pixels of y, its columns (tap row, tap column, channel) of x.
struct PatchColumns {
    Share share;
    const float* x;
    Geometry g;
    Pixels pixels;
    int first;              // pixel of row 0
    int row, col, channel;  // of this thread's column: where its tap lies for pixel (0, 0); NOWHERE if there is none

    __device__ __forceinline__ void fetch(int k, int inner, float* values) const {
#pragma unroll
        for (int q = 0; q < SHARE; q++) {
            int e = k + share.inner + q * share.inner_step;
            Pixel at = pixel_of(pixels, first + e);
            int r = at.row * g.stride_h + row;
            int s = at.col * g.stride_w + col;
            bool inside = e < inner && (unsigned)r < (unsigned)g.h && (unsigned)s < (unsigned)g.w;
            long long pixel = ((long long)at.image * g.h + r) * g.w + s;
            values[q] = inside ? __ldg(x + pixel * g.c + channel) : 0.0f;
        }
    }
};

__device__ __forceinline__ PatchColumns patch_columns(const float* x, const Geometry& g, const Pixels& pixels,
                                                      int first, int first_col) {
    Share share = share_along_outer();
    int e = first_col + share.outer;
    int tap = e / g.c;
    int row = tap < g.kh * g.kw ? tap / g.kw - g.pad_h : NOWHERE;
    return {share, x, g, pixels, first, row, tap % g.kw - g.pad_w, e % g.c};
}

// One phase of the gradient of x: the pixels a whole number of strides from (row, col). The taps that carry something
// to them are those a whole number of strides from (tap_row, tap_col), and the first of these carries the pixel
// (from_row, from_col) of y to the first of those.
struct Phase {
    Pixels pixels;
    int row, col;
    int tap_row, tap_col;
    int tap_rows, tap_cols;
    int from_row, from_col;
};

__device__ __forceinline__ int steps(int length, int first, int stride) {
    return first < length ? (length - first + stride - 1) / stride : 0;
}

__device__ __forceinline__ Phase phase_of(const Geometry& g, int number) {
    int row = number / g.stride_w;
    int col = number % g.stride_w;
    int tap_row = (row + g.pad_h) % g.stride_h;
    int tap_col = (col + g.pad_w) % g.stride_w;
    int rows = steps(g.h, row, g.stride_h);
    int cols = steps(g.w, col, g.stride_w);
    int tap_rows = steps(g.kh, tap_row, g.stride_h);
    int tap_cols = steps(g.kw, tap_col, g.stride_w);
    // Where no column of taps reaches the phase, no tap does; numbers are divided by tap_cols all the same.
    return {{rows, cols, g.n * rows * cols},
            row, col, tap_row, tap_col,
            tap_cols == 0 ? 0 : tap_rows, max(tap_cols, 1),
            (row + g.pad_h) / g.stride_h, (col + g.pad_w) / g.stride_w};
}

// The weights of a phase as an operand: rows (tap row, tap column, filter), columns the channels of x.
struct PhaseWeights {
    Share share;
    const float* weight;
    Geometry g;
    Phase phase;
    int channel;

    __device__ __forceinline__ void fetch(int k, int inner, float* values) const {
#pragma unroll
        for (int q = 0; q < SHARE; q++) {
            int e = k + share.inner + q * share.inner_step;
            int tap = e / g.k;
            int i = phase.tap_row + tap / phase.tap_cols * g.stride_h;
            int j = phase.tap_col + tap % phase.tap_cols * g.stride_w;
            bool inside = e < inner && channel < g.c;
            long long element = (((long long)(e % g.k) * g.kh + i) * g.kw + j) * g.c + channel;
            values[q] = inside ? __ldg(weight + element) : 0.0f;
        }
    }
};

__device__ __forceinline__ PhaseWeights phase_weights(const float* weight, const Geometry& g, const Phase& phase,
                                                      int first_channel) {
    Share share = share_along_outer();
    return {share, weight, g, phase, first_channel + share.outer};
}
