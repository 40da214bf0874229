/*
logsumexp: normalisers of rows: log-sum-exp and log-mean-exp, softmax, and the importance weights of a bound

formula      logsumexp           y[i] = log sum_j exp x[i,j] + shift; shift 0, or -log cols for the mean
                                 pullback  dx[i,j] = dy[i] exp(x[i,j] - (y[i] - shift)); dy[i] = dy_all where dy is null
             softmax             y[i,j] = exp x[i,j] / sum_j exp x[i,j]
                                 pullback  dx = y (dy - sum_j dy y)
             log_softmax         y[i,j] = x[i,j] - log sum_j exp x[i,j]
                                 pullback  dx = dy - exp y sum_j dy, 0 where y = -inf
             importance_weights  w[i,j] = softmax of log weights x; y[i] = log sum_j exp x[i,j] + shift;
                                 ess[i] = (sum_j w)^2 / sum_j w^2, between 1 and cols
shapes       x, w, dx (rows, cols)    y, dy (rows, cols) of the softmaxes, (rows) of the others    ess (rows)
types        f32; sums accumulate in f64, one rounding to f32
launch       logsumexp_rows_f32, softmax_rows_f32, log_softmax_rows_f32: block 256, grid ceil(rows / 16)
             importance_weights_rows_f32: block 256, grid ceil(rows / 16)
             softmax_rows_pullback_f32, log_softmax_rows_pullback_f32: block 256, grid ceil(rows / 16)
             logsumexp_rows_pullback_f32: block 256, grid ceil(rows * cols / 1024)
ownership    caller owns every buffer; forward overwrites; pullbacks overwrite if first, else add
edges        a row of -inf (or of no columns): y = -inf, weights, softmax, ess and gradients 0, log_softmax -inf. +inf
             or NaN in a row: all of that row NaN
determinism  bit contract: maximum, then exp(x - max) summed in f64, in the row order of common/rows.cuh; the log is
             of the sum rounded to f32
bytes        logsumexp 4 rows (cols + 1), the second walk meets the row in the cache; pullback 8 rows cols + 8 rows;
             softmaxes 8 rows cols, their pullbacks 12 rows cols
versions     1  two walks over a row, half a warp per row; a one-pass sum with a running maximum depends on the order
                of merging and cannot be met by a CPU at the speed of its vectors; not yet timed  <- this file
reference    dev.elbo.runtime.ops, host branches
*/
#include "common/elements.cuh"
#include "common/softmax.cuh"

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
logsumexp_rows_f32(const float* __restrict__ x,  // (rows, cols)
                   float* __restrict__ y,        // (rows)
                   int rows, int cols, float shift) {
    int row = row_of_thread();
    if (row >= rows) return;

    float log_sum = log_of(normaliser(x + (size_t)row * cols, cols));
    if (lane_of_thread() == 0) y[row] = log_sum + shift;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
logsumexp_rows_pullback_f32(const float* __restrict__ x,   // (rows, cols)
                            const float* __restrict__ y,   // (rows)
                            const float* __restrict__ dy,  // (rows) or null
                            float* __restrict__ dx,        // (rows, cols)
                            int rows, int cols, float shift, float dy_all, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q = load(x + e, left);
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD && i < left; i++) {
        float log_sum = y[cell.row] - shift;
        q.at[i] = log_sum == -INFINITY ? 0.0f : per_row(dy, dy_all, cell.row) * portable_exp(q.at[i] - log_sum);
        to_next(cell, cols);
    }
    contribute(dx + e, q, left, first);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
softmax_rows_f32(const float* __restrict__ x,  // (rows, cols)
                 float* __restrict__ y,        // (rows, cols)
                 int rows, int cols) {
    int row = row_of_thread();
    if (row >= rows) return;

    x += (size_t)row * cols;
    y += (size_t)row * cols;
    Normaliser n = normaliser(x, cols);
    float sum = (float)n.sum;
    bool impossible = n.max == -INFINITY;
    for (int j = lane_of_thread(); j < cols; j += LANES) y[j] = impossible ? 0.0f : portable_exp(x[j] - n.max) / sum;
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
softmax_rows_pullback_f32(const float* __restrict__ y,   // (rows, cols)
                          const float* __restrict__ dy,  // (rows, cols)
                          float* __restrict__ dx,        // (rows, cols)
                          int rows, int cols, int first) {
    int row = row_of_thread();
    if (row >= rows) return;

    size_t from = (size_t)row * cols;
    double sum = 0.0;
    for (int j = lane_of_thread(); j < cols; j += LANES) sum += (double)(dy[from + j] * y[from + j]);
    float mean = (float)lanes_sum(sum);
    for (int j = lane_of_thread(); j < cols; j += LANES) {
        contribute(dx + from + j, y[from + j] * (dy[from + j] - mean), first);
    }
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
log_softmax_rows_f32(const float* __restrict__ x,  // (rows, cols)
                     float* __restrict__ y,        // (rows, cols)
                     int rows, int cols) {
    int row = row_of_thread();
    if (row >= rows) return;

    x += (size_t)row * cols;
    y += (size_t)row * cols;
    float log_sum = log_of(normaliser(x, cols));
    for (int j = lane_of_thread(); j < cols; j += LANES) y[j] = log_sum == -INFINITY ? log_sum : x[j] - log_sum;
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
log_softmax_rows_pullback_f32(const float* __restrict__ y,   // (rows, cols)
                              const float* __restrict__ dy,  // (rows, cols)
                              float* __restrict__ dx,        // (rows, cols)
                              int rows, int cols, int first) {
    int row = row_of_thread();
    if (row >= rows) return;

    size_t from = (size_t)row * cols;
    double total = 0.0;
    for (int j = lane_of_thread(); j < cols; j += LANES) total += (double)dy[from + j];
    float sum = (float)lanes_sum(total);
    for (int j = lane_of_thread(); j < cols; j += LANES) {
        float d = dy[from + j] - portable_exp(y[from + j]) * sum;
        contribute(dx + from + j, y[from + j] == -INFINITY ? 0.0f : d, first);
    }
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
importance_weights_rows_f32(const float* __restrict__ x,  // (rows, cols)
                            float* __restrict__ w,        // (rows, cols)
                            float* __restrict__ y,        // (rows)
                            float* __restrict__ ess,      // (rows)
                            int rows, int cols, float shift) {
    int row = row_of_thread();
    if (row >= rows) return;

    x += (size_t)row * cols;
    w += (size_t)row * cols;
    Normaliser n = normaliser(x, cols);
    float sum = (float)n.sum;
    bool impossible = n.max == -INFINITY;
    double squares = 0.0;
    for (int j = lane_of_thread(); j < cols; j += LANES) {
        float weight = impossible ? 0.0f : portable_exp(x[j] - n.max);
        squares += (double)weight * (double)weight;
        w[j] = impossible ? 0.0f : weight / sum;
    }
    squares = lanes_sum(squares);
    if (lane_of_thread() != 0) return;
    y[row] = log_of(n) + shift;
    ess[row] = impossible ? 0.0f : (float)(n.sum * n.sum / squares);
}
