/*
batch_normalise: normalisation of the columns of a batch, with its activation

formula      standard    u[i,j] = (x[i,j] - mean[j]) spread[j]
             sums        partials[q] = (sum x[i,j], sum x[i,j]^2) over the rows i of segment q
             moments     m = sum x / rows, v = max(sum x^2 / rows - m m, 0); mean = m, spread = 1 / sqrt(v + epsilon);
                         running_mean += momentum (m - running_mean),
                         running_variance += momentum (v rows / max(rows - 1, 1) - running_variance)
             running     mean = running_mean, spread = 1 / sqrt(running_variance + epsilon)
             normalise   y[i,j] = f(u[i,j] scale[j] + shift[j]), f by its code in common/functions.cuh
             pullback    sums   g = dy f'(y), in place of dy; partials[q] = (sum g[i,j], sum g[i,j] u[i,j])
                         means  dshift (+)= sum g, dscale (+)= sum g u; mean_g = sum g / rows, mean_gu = sum g u / rows
                                if the moments are those of the batch, else 0
                         dx[i,j] (+)= scale[j] spread[j] (g[i,j] - (u[i,j] mean_gu[j] + mean_g[j]))
shapes       x, y, dy, g, dx (rows, cols)    scale, shift, dscale, dshift, running_mean, running_variance (cols)
             kept (4, cols): mean, spread, mean_g, mean_gu    partials (ceil(rows / 256), 2, cols) between two launches
             segments = ceil(rows / 256)
types        f32; sums and moments in f64, rounded once
launch       batch_normalise_sums_f32: block 32 x 4, grid ceil(cols / 32) x ceil(segments / 4)
             batch_normalise_moments_f32: block 32 x 16, grid ceil(cols / 32)
             batch_normalise_running_f32: block 128, grid ceil(cols / 128)
             batch_normalise_f32: block 256, grid ceil(rows * cols / 1024)
             batch_normalise_sums_pullback_f32: block 32 x 4, grid ceil(cols / 32) x ceil(segments / 4)
             batch_normalise_means_pullback_f32: block 32 x 16, grid ceil(cols / 32)
             batch_normalise_pullback_f32: block 256, grid ceil(rows * cols / 1024)
ownership    caller owns every buffer; running moments are updated; dscale, dshift and dx are overwritten if first, else
             added into; all else is overwritten
edges        a constant column: spread 1 / sqrt(epsilon), y = f(shift).  A NaN spreads over its column.  rows >= 1
determinism  bit contract: a segment is 256 rows added in ascending order from 0; segments are added in the row order of
             common/rows.cuh; u scale + shift and u mean_gu + mean_g are one fma each, and the running moments one each
bytes        sums 4 rows cols, normalise 8 rows cols; pullback 16 rows cols for the sums, 12 rows cols for dx, 4 more if
             it adds; partials 16 cols segments, twice; all else by columns
versions     1  one thread per column and segment, then 16 per column; not timed  <- this file
reference    dev.elbo.runtime.cpu.NormaliseMath
*/
#include "common/columns.cuh"
#include "common/elements.cuh"
#include "common/functions.cuh"

#define SEGMENT_ROWS 256  // rows of one partial sum
#define SEGMENTS 4        // of one block
#define MOMENT_BLOCK 128  // threads of a block that works on columns alone
#define AHEAD 4           // rows that are read before the first of them is overwritten: a store holds up later loads

// Rows of `kept`.
#define MEAN 0
#define SPREAD 1
#define MEAN_G 2
#define MEAN_GU 3

// What one thread adds up: a column of a segment.
struct Run {
    int col, segment, from, to;
};

__device__ __forceinline__ Run run_of_thread(int rows) {
    int segment = (int)(blockIdx.y * SEGMENTS + threadIdx.y);
    int from = segment * SEGMENT_ROWS;
    return {(int)(blockIdx.x * COLUMNS + threadIdx.x), segment, from, min(rows - from, SEGMENT_ROWS) + from};
}

__device__ __forceinline__ float standard(float x, const float* kept, int cols, long long col) {
    return (x - kept[col]) * kept[SPREAD * cols + col];
}

// Sum over all segments of one of their 2 cols sums, for the thread whose y is 0.
__device__ __forceinline__ double segments_sum(const double* partials, int at, int segments, int cols, bool exists,
                                               double (*sums)[COLUMNS]) {
    double sum = 0.0;
    if (exists) {
#pragma unroll 4
        for (int q = (int)threadIdx.y; q < segments; q += LANES) sum += partials[2ll * q * cols + at];
    }
    return column_sum(sum, sums);
}

__device__ __forceinline__ float spread_of(double variance, float epsilon) {
    return (float)(1.0 / sqrt(variance + (double)epsilon));
}

__device__ __forceinline__ void follow(float* running, double value, float momentum) {
    double before = (double)*running;
    *running = (float)__fma_rn((double)momentum, value - before, before);
}

extern "C" __global__ void __launch_bounds__(COLUMNS * SEGMENTS)
batch_normalise_sums_f32(const float* __restrict__ x,    // (rows, cols)
                         double* __restrict__ partials,  // (segments, 2, cols)
                         int rows, int cols, int segments) {
    Run run = run_of_thread(rows);
    if (run.col >= cols || run.segment >= segments) return;

    double sum = 0.0;
    double squares = 0.0;
#pragma unroll 8
    for (int i = run.from; i < run.to; i++) {
        double v = (double)x[(long long)i * cols + run.col];
        sum += v;
        squares += v * v;
    }
    partials += 2ll * run.segment * cols + run.col;
    partials[0] = sum;
    partials[cols] = squares;
}

extern "C" __global__ void __launch_bounds__(COLUMNS * LANES)
batch_normalise_moments_f32(const double* __restrict__ partials,    // (segments, 2, cols)
                            float* __restrict__ kept,              // (4, cols)
                            float* __restrict__ running_mean,      // (cols)
                            float* __restrict__ running_variance,  // (cols)
                            int rows, int cols, int segments, float momentum, float epsilon) {
    __shared__ double sums[LANES][COLUMNS];
    __shared__ double squares[LANES][COLUMNS];
    int col = (int)(blockIdx.x * COLUMNS + threadIdx.x);
    double sum = segments_sum(partials, col, segments, cols, col < cols, sums);
    double square = segments_sum(partials, cols + col, segments, cols, col < cols, squares);
    if (threadIdx.y > 0 || col >= cols) return;

    double mean = sum / (double)rows;
    double variance = square / (double)rows - mean * mean;
    if (variance < 0.0) variance = 0.0;
    kept[col] = (float)mean;
    kept[SPREAD * cols + col] = spread_of(variance, epsilon);
    follow(running_mean + col, mean, momentum);
    follow(running_variance + col, variance * ((double)rows / (double)max(rows - 1, 1)), momentum);
}

extern "C" __global__ void __launch_bounds__(MOMENT_BLOCK)
batch_normalise_running_f32(const float* __restrict__ running_mean,      // (cols)
                            const float* __restrict__ running_variance,  // (cols)
                            float* __restrict__ kept,                    // (4, cols)
                            int cols, float epsilon) {
    int col = (int)(blockIdx.x * MOMENT_BLOCK + threadIdx.x);
    if (col >= cols) return;

    kept[col] = running_mean[col];
    kept[SPREAD * cols + col] = spread_of((double)running_variance[col], epsilon);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
batch_normalise_f32(const float* __restrict__ x,      // (rows, cols)
                    const float* __restrict__ kept,   // (4, cols)
                    const float* __restrict__ scale,  // (cols)
                    const float* __restrict__ shift,  // (cols)
                    float* __restrict__ y,            // (rows, cols)
                    int rows, int cols, int function, float parameter) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q = load(x + e, left);
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD; i++) {
        float u = standard(q.at[i], kept, cols, cell.col);
        q.at[i] = function_of(function, __fmaf_rn(u, scale[cell.col], shift[cell.col]), parameter);
        to_next(cell, cols);
    }
    store(y + e, q, left);
}

extern "C" __global__ void __launch_bounds__(COLUMNS * SEGMENTS)
batch_normalise_sums_pullback_f32(const float* __restrict__ x,     // (rows, cols)
                                  const float* __restrict__ y,     // (rows, cols)
                                  const float* __restrict__ kept,  // (4, cols)
                                  float* __restrict__ dy,          // (rows, cols), becomes g
                                  double* __restrict__ partials,   // (segments, 2, cols)
                                  int rows, int cols, int segments, int function, float parameter) {
    Run run = run_of_thread(rows);
    if (run.col >= cols || run.segment >= segments) return;

    float mean = kept[run.col];
    float spread = kept[SPREAD * cols + run.col];
    double sum = 0.0;
    double products = 0.0;
    for (int i = run.from; i < run.to; i += AHEAD) {
        float g[AHEAD], u[AHEAD];
#pragma unroll
        for (int q = 0; q < AHEAD; q++) {
            long long e = (long long)min(i + q, run.to - 1) * cols + run.col;
            g[q] = function_gradient(function, y[e], y[e], dy[e], parameter);
            u[q] = (x[e] - mean) * spread;
        }
#pragma unroll
        for (int q = 0; q < AHEAD; q++) {
            if (i + q >= run.to) break;
            dy[(long long)(i + q) * cols + run.col] = g[q];
            sum += (double)g[q];
            products += (double)g[q] * (double)u[q];
        }
    }
    partials += 2ll * run.segment * cols + run.col;
    partials[0] = sum;
    partials[cols] = products;
}

extern "C" __global__ void __launch_bounds__(COLUMNS * LANES)
batch_normalise_means_pullback_f32(const double* __restrict__ partials,  // (segments, 2, cols)
                                   float* __restrict__ kept,             // (4, cols)
                                   float* __restrict__ dscale,           // (cols) or null
                                   float* __restrict__ dshift,           // (cols) or null
                                   int rows, int cols, int segments, int first_scale, int first_shift, int batch) {
    __shared__ double sums[LANES][COLUMNS];
    __shared__ double products[LANES][COLUMNS];
    int col = (int)(blockIdx.x * COLUMNS + threadIdx.x);
    double sum = segments_sum(partials, col, segments, cols, col < cols, sums);
    double product = segments_sum(partials, cols + col, segments, cols, col < cols, products);
    if (threadIdx.y > 0 || col >= cols) return;

    if (dshift != nullptr) contribute(dshift + col, (float)sum, first_shift);
    if (dscale != nullptr) contribute(dscale + col, (float)product, first_scale);
    kept[MEAN_G * cols + col] = batch ? (float)(sum / (double)rows) : 0.0f;
    kept[MEAN_GU * cols + col] = batch ? (float)(product / (double)rows) : 0.0f;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
batch_normalise_pullback_f32(const float* __restrict__ x,      // (rows, cols)
                             const float* __restrict__ g,      // (rows, cols)
                             const float* __restrict__ kept,   // (4, cols)
                             const float* __restrict__ scale,  // (cols)
                             float* __restrict__ dx,           // (rows, cols)
                             int rows, int cols, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad from = load(x + e, left);
    Quad q = load(g + e, left);
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD; i++) {
        long long j = cell.col;
        float u = standard(from.at[i], kept, cols, j);
        float mean = __fmaf_rn(u, kept[MEAN_GU * cols + j], kept[MEAN_G * cols + j]);
        q.at[i] = scale[j] * kept[SPREAD * cols + j] * (q.at[i] - mean);
        to_next(cell, cols);
    }
    contribute(dx + e, q, left, first);
}
