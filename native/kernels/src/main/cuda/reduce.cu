/*
reduce: sums and maxima over rows, columns and everything, in a fixed order

formula      sum_rows     y[i] = sum_j x[i,j] / divisor            pullback  dx[i,j] = dy[i] / divisor
             sum_columns  y[j] = sum_i x[i,j] / divisor            pullback  dx[i,j] = dy[j] / divisor;
                          of many rows: sum_column_segments, then sum_column_partials;
                          of up to eight matrices: sum_columns_each, without a divisor
             sum          y = sum_e x[e] / divisor: sum_segments, then sum_partials; pullback that of sum_rows, one row;
                          of x[e]^2 where the term is TERM_SQUARE
             max_rows     y[i] = max_j x[i,j], index[i] its first j  pullback  dx[i,j] = dy[i] if j = index[i], else 0
             divisor 1 for a sum, the number of terms for a mean
shapes       x, dx (rows, cols) row-major or (n)    y, dy (rows), (cols) or (1)    index (rows)
             partials (ceil(n / 1024)), or (segments, cols) with segments = ceil(rows / 256), scratch between the two
             passes of a sum
types        f32 in, f64 accumulate, one rounding to f32; maxima and pullbacks in f32; i32 index
launch       sum_rows_f32, max_rows_f32: block 256, grid ceil(rows / 16)
             sum_columns_f32: block 32 x 16, grid ceil(cols / 32)
             sum_columns_each_f32: block 32 x 16, grid ceil(widest / 32) x count
             sum_column_segments_f32: block 32 x 4, grid ceil(cols / 32) x ceil(segments / 4)
             sum_column_partials_f32: block 32 x 16, grid ceil(cols / 32)
             sum_segments_f32: block 256, grid ceil(n / 16384)
             sum_partials_f32: block 16, grid 1
             sum_rows_pullback_f32, sum_columns_pullback_f32: block 256, grid ceil(rows * cols / 1024)
             max_rows_pullback_f32: block 256, grid ceil(rows * cols / 1024)
ownership    caller owns every buffer; sums and pullbacks overwrite if first, else add; sum_columns_each overwrites
             each y, max_rows y and index
edges        of the eight matrices those from count on are null; widest is the most columns of any.  No columns:
             sum 0 / divisor, maximum -inf with index -1.  NaN in a row: its maximum is NaN, index the first NaN
determinism  bit contract: the row order of common/rows.cuh, for sums over rows, columns, segments of 1024 and
             partials; a segment of a column is 256 rows added in ascending order from 0; the maximum is the first
             in the row among equals, so it does not depend on any order
bytes        sum_rows 4 rows (cols + 1); sum_columns 4 cols (rows + 1), by segments 16 cols segments more;
             sum 4 n + 16 ceil(n / 1024); max_rows 4 rows (cols + 2); pullbacks 4 rows (cols + 1), twice the first
             term when they add

versions     2  the biases of a step in one launch, sum_columns_each: a launch each was longer on the way than their
                sums; not timed  <- this file
             1  half a warp per row or segment, 32 columns per block
reference    dev.elbo.runtime.ops, host branches; common/rows.cuh for the order
*/
#include "common/columns.cuh"
#include "common/elements.cuh"
#include "common/rows.cuh"
#include "common/terms.cuh"

#define SEGMENT_ROWS 256  // rows of one partial sum of a column
#define SEGMENTS 4        // of one block

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
sum_rows_f32(const float* __restrict__ x,  // (rows, cols)
             float* __restrict__ y,        // (rows)
             int rows, int cols, float divisor, int first) {
    int row = row_of_thread();
    if (row >= rows) return;

    x += (size_t)row * cols;
    double sum = 0.0;
#pragma unroll 4
    for (int j = lane_of_thread(); j < cols; j += LANES) sum += (double)x[j];
    sum = lanes_sum(sum);
    if (lane_of_thread() == 0) contribute(y + row, (float)(sum / (double)divisor), first);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
sum_rows_pullback_f32(const float* __restrict__ dy,  // (rows)
                      float* __restrict__ dx,        // (rows, cols)
                      int rows, int cols, float divisor, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q;
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD; i++) {
        q.at[i] = i < left ? dy[cell.row] / divisor : 0.0f;
        to_next(cell, cols);
    }
    contribute(dx + e, q, left, first);
}

extern "C" __global__ void __launch_bounds__(COLUMNS * LANES)
sum_columns_f32(const float* __restrict__ x,  // (rows, cols)
                float* __restrict__ y,        // (cols)
                int rows, int cols, float divisor, int first) {
    __shared__ double sums[LANES][COLUMNS];
    int col = (int)(blockIdx.x * COLUMNS + threadIdx.x);
    int lane = (int)threadIdx.y;

    double sum = 0.0;
    if (col < cols) {
#pragma unroll 4
        for (int i = lane; i < rows; i += LANES) sum += (double)x[(size_t)i * cols + col];
    }
    sum = column_sum(sum, sums);
    if (lane == 0 && col < cols) contribute(y + col, (float)(sum / (double)divisor), first);
}

extern "C" __global__ void __launch_bounds__(COLUMNS * LANES)
sum_columns_each_f32(const float* x1, float* y1, int rows1, int cols1,  // (rows1, cols1) (cols1)
                     const float* x2, float* y2, int rows2, int cols2,  // (rows2, cols2) (cols2)
                     const float* x3, float* y3, int rows3, int cols3,  // (rows3, cols3) (cols3)
                     const float* x4, float* y4, int rows4, int cols4,  // (rows4, cols4) (cols4)
                     const float* x5, float* y5, int rows5, int cols5,  // (rows5, cols5) (cols5)
                     const float* x6, float* y6, int rows6, int cols6,  // (rows6, cols6) (cols6)
                     const float* x7, float* y7, int rows7, int cols7,  // (rows7, cols7) (cols7)
                     const float* x8, float* y8, int rows8, int cols8,  // (rows8, cols8) (cols8)
                     int widest, int count) {
    __shared__ double sums[LANES][COLUMNS];
    const float* x = x1;
    float* y = y1;
    int rows = rows1, cols = cols1;
    switch (blockIdx.y) {
#define CASE(k)                             \
    case k - 1:                             \
        x = x##k, y = y##k;                 \
        rows = rows##k, cols = cols##k;     \
        break;
        CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8)
#undef CASE
    }
    if ((int)(blockIdx.x * COLUMNS) >= cols) return;  // a whole block of a narrower matrix

    int col = (int)(blockIdx.x * COLUMNS + threadIdx.x);
    double sum = 0.0;
    if (col < cols) {
#pragma unroll 8
        for (int i = (int)threadIdx.y; i < rows; i += LANES) sum += (double)x[(size_t)i * cols + col];
    }
    sum = column_sum(sum, sums);
    if (threadIdx.y == 0 && col < cols) y[col] = (float)sum;
}

extern "C" __global__ void __launch_bounds__(COLUMNS * SEGMENTS)
sum_column_segments_f32(const float* __restrict__ x,    // (rows, cols)
                        double* __restrict__ partials,  // (segments, cols)
                        int rows, int cols, int segments) {
    int col = (int)(blockIdx.x * COLUMNS + threadIdx.x);
    int segment = (int)(blockIdx.y * SEGMENTS + threadIdx.y);
    if (col >= cols || segment >= segments) return;

    int from = segment * SEGMENT_ROWS;
    int to = from + min(rows - from, SEGMENT_ROWS);
    double sum = 0.0;
#pragma unroll 8
    for (int i = from; i < to; i++) sum += (double)x[(size_t)i * cols + col];
    partials[(size_t)segment * cols + col] = sum;
}

extern "C" __global__ void __launch_bounds__(COLUMNS * LANES)
sum_column_partials_f32(const double* __restrict__ partials,  // (segments, cols)
                        float* __restrict__ y,                // (cols)
                        int segments, int cols, float divisor, int first) {
    __shared__ double sums[LANES][COLUMNS];
    int col = (int)(blockIdx.x * COLUMNS + threadIdx.x);
    int lane = (int)threadIdx.y;

    double sum = 0.0;
    if (col < cols) {
#pragma unroll 4
        for (int q = lane; q < segments; q += LANES) sum += partials[(size_t)q * cols + col];
    }
    sum = column_sum(sum, sums);
    if (lane == 0 && col < cols) contribute(y + col, (float)(sum / (double)divisor), first);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
sum_columns_pullback_f32(const float* __restrict__ dy,  // (cols)
                         float* __restrict__ dx,        // (rows, cols)
                         int rows, int cols, float divisor, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q;
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD; i++) {
        q.at[i] = i < left ? dy[cell.col] / divisor : 0.0f;
        to_next(cell, cols);
    }
    contribute(dx + e, q, left, first);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
sum_segments_f32(const float* __restrict__ x,    // (n)
                 double* __restrict__ partials,  // (ceil(n / 1024))
                 long long n, int term) {
    long long segment = row_of_thread();
    long long from = segment * SEGMENT;
    if (from >= n) return;

    int length = (int)min(n - from, (long long)SEGMENT);
    x += from;
    double sum = 0.0;
#pragma unroll 4
    for (int j = lane_of_thread(); j < length; j += LANES) sum += (double)(term == TERM_SQUARE ? x[j] * x[j] : x[j]);
    sum = lanes_sum(sum);
    if (lane_of_thread() == 0) partials[segment] = sum;
}

extern "C" __global__ void __launch_bounds__(LANES)
sum_partials_f32(const double* __restrict__ partials,  // (count)
                 float* __restrict__ y,                // (1)
                 int count, float divisor, int first) {
    double sum = 0.0;
#pragma unroll 4
    for (int j = lane_of_thread(); j < count; j += LANES) sum += partials[j];
    sum = lanes_sum(sum);
    if (lane_of_thread() == 0) contribute(y, (float)(sum / (double)divisor), first);
}

// A value and where it stands. The identity is (-inf, -1).
struct Place {
    float value;
    int index;
};

// The larger of two places, a NaN above all else, the earlier among equals.
__device__ __forceinline__ Place further(Place a, Place b) {
    if (b.index < 0) return a;
    if (a.index < 0) return b;
    bool a_nan = a.value != a.value;
    bool b_nan = b.value != b.value;
    bool b_wins = a_nan || b_nan ? b_nan && !a_nan : b.value > a.value;
    bool equal = a_nan == b_nan && (a_nan || a.value == b.value);
    return b_wins || (equal && b.index < a.index) ? b : a;
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
max_rows_f32(const float* __restrict__ x,  // (rows, cols)
             float* __restrict__ y,        // (rows)
             int* __restrict__ index,      // (rows)
             int rows, int cols) {
    int row = row_of_thread();
    if (row >= rows) return;

    x += (size_t)row * cols;
    Place best = {-INFINITY, -1};
    for (int j = lane_of_thread(); j < cols; j += LANES) best = further(best, {x[j], j});
    for (int step = LANES / 2; step > 0; step /= 2) {
        Place other;
        other.value = __shfl_xor_sync(half_warp(), best.value, step, LANES);
        other.index = __shfl_xor_sync(half_warp(), best.index, step, LANES);
        best = further(best, other);
    }
    if (lane_of_thread() == 0) {
        y[row] = best.value;
        index[row] = best.index;
    }
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
max_rows_pullback_f32(const float* __restrict__ dy,   // (rows)
                      const int* __restrict__ index,  // (rows)
                      float* __restrict__ dx,         // (rows, cols)
                      int rows, int cols, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q;
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD; i++) {
        q.at[i] = i < left && cell.col == index[cell.row] ? dy[cell.row] : 0.0f;
        to_next(cell, cols);
    }
    contribute(dx + e, q, left, first);
}
