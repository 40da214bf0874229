/*
likelihood: log-probabilities of rows under Bernoulli, Gaussian and categorical outputs, and the KL to a standard normal

formula      bernoulli    y[r] = sum_j x log sigmoid(l) + (1 - x) log(1 - sigmoid(l))
                               = sum_j (x - [l > 0]) l - log(1 + exp -|l|), l = logits[r,j], x = x[r / repeat,j]
                          pullback  dlogits = dy (x - sigmoid l)
             gaussian     y[r] = -1/2 sum_j log 2 pi + v + (x - mean)^2 exp(-v), v the bounded log-variance;
                          x of row r / x_repeat, mean and log-variance of row r / repeat
                          pullback, t = (x - mean) exp(-v), summed over the rows that share:
                          dx = -dy t    dmean = dy t    dlogvar = 1/2 dy (t (x - mean) - 1), 0 out of bounds
             categorical  y[r] = (logits[r,label[r]] - m) - log sum_j exp(logits[r,j] - m), m the maximum of the row;
                          log_sum[r] = log sum_j exp logits[r,j]
                          pullback  dlogits = dy ([j = label] - exp(logits - log_sum))
             gaussian_kl  y[r] = KL(N(mu, exp v) || N(0, I)) = 1/2 sum_j mu^2 + exp v - 1 - v
                          pullback  dmu = dy mu    dlogvar = 1/2 dy (exp v - 1), 0 out of bounds
shapes       logits, dlogits (rows, cols)    y, dy, label, log_sum (rows)    bernoulli's x (rows / repeat, cols)
             gaussian's x (rows / x_repeat, cols), mean, logvar (rows / repeat, cols); d like what it is the gradient of
types        f32, label i32; sums over a row and over repeats accumulate in f64, one rounding to f32
launch       bernoulli_log_likelihood_rows_f32: block 256, grid ceil(rows / 16)
             gaussian_log_likelihood_rows_f32: block 256, grid ceil(rows / 16)
             categorical_log_likelihood_rows_f32, gaussian_kl_rows_f32: block 256, grid ceil(rows / 16)
             bernoulli_log_likelihood_rows_pullback_f32: block 256, grid ceil(rows * cols / 1024)
             categorical_log_likelihood_rows_pullback_f32: block 256, grid ceil(rows * cols / 1024)
             gaussian_kl_rows_pullback_f32: block 256, grid ceil(rows * cols / 1024)
             gaussian_log_likelihood_rows_pullback_f32: block 256, grid ceil(rows * cols / 256)
ownership    caller owns every buffer; forward overwrites; pullbacks overwrite if first, else add
edges        logits of +-inf are certainty: 0 where x agrees, -inf where it does not, gradient 0.  mean null: 0.
             logvar null: log_variance.  A label whose logit is -inf: y = -inf, gradient 0 for its row.  A label
             outside 0 .. cols - 1: y = NaN, gradient 0.  rows a multiple of both repeats
determinism  bit contract: sums over a row in the row order of common/rows.cuh, over repeats one after the other; each
             expression rounded as written in the source
bytes        bernoulli 8 rows cols, pullback 12 rows cols; gaussian 12 rows cols, pullback 16 rows cols for one
             gradient; categorical 4 rows cols, pullback 8 rows cols; gaussian_kl 8 rows cols, pullback 16 rows cols
versions     1  half a warp per row; not yet timed  <- this file
reference    dev.elbo.runtime.ops, host branches
*/
#include "common/elements.cuh"
#include "common/gaussian.cuh"
#include "common/softmax.cuh"

#define OF_X 0
#define OF_MEAN 1
#define OF_LOG_VARIANCE 2

// x log sigmoid(l) + (1 - x) log(1 - sigmoid(l)). Where x and the sign of l agree there is no product: 0 times inf is
// NaN.
__device__ __forceinline__ float bernoulli_term(float l, float x) {
    float disagreement = x - (l > 0.0f ? 1.0f : 0.0f);
    float product = disagreement == 0.0f ? 0.0f : disagreement * l;
    return product - portable_log1p_unit(portable_exp(portable_minus_abs(l)));
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
bernoulli_log_likelihood_rows_f32(const float* __restrict__ logits,  // (rows, cols)
                                  const float* __restrict__ x,       // (rows / repeat, cols)
                                  float* __restrict__ y,             // (rows)
                                  int rows, int cols, int repeat) {
    int row = row_of_thread();
    if (row >= rows) return;

    logits += (size_t)row * cols;
    x += (size_t)(row / repeat) * cols;
    double sum = 0.0;
#pragma unroll 2
    for (int j = lane_of_thread(); j < cols; j += LANES) sum += (double)bernoulli_term(logits[j], x[j]);
    sum = lanes_sum(sum);
    if (lane_of_thread() == 0) y[row] = (float)sum;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
bernoulli_log_likelihood_rows_pullback_f32(const float* __restrict__ logits,  // (rows, cols)
                                           const float* __restrict__ x,       // (rows / repeat, cols)
                                           const float* __restrict__ dy,      // (rows)
                                           float* __restrict__ dlogits,       // (rows, cols)
                                           int rows, int cols, int repeat, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q = load(logits + e, left);
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD && i < left; i++) {
        bool certain = portable_abs(q.at[i]) == PORTABLE_INFINITY;
        float apart = x[cell.row / repeat * cols + cell.col] - portable_sigmoid(q.at[i]);
        q.at[i] = certain ? 0.0f : dy[cell.row] * apart;
        to_next(cell, cols);
    }
    contribute(dlogits + e, q, left, first);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
gaussian_log_likelihood_rows_f32(const float* __restrict__ x,       // (rows / x_repeat, cols)
                                 const float* __restrict__ mean,    // (rows / repeat, cols) or null
                                 const float* __restrict__ logvar,  // (rows / repeat, cols) or null
                                 float* __restrict__ y,             // (rows)
                                 int rows, int cols, int x_repeat, int repeat, float log_variance) {
    int row = row_of_thread();
    if (row >= rows) return;

    x += (size_t)(row / x_repeat) * cols;
    size_t shared_row = (size_t)(row / repeat) * cols;
    double sum = 0.0;
    for (int j = lane_of_thread(); j < cols; j += LANES) {
        float v = bounded_log_variance(logvar != nullptr ? logvar[shared_row + j] : log_variance);
        float apart = x[j] - (mean != nullptr ? mean[shared_row + j] : 0.0f);
        sum += (double)((LOG_TWO_PI + v) + apart * apart * portable_exp(-v));
    }
    sum = lanes_sum(sum);
    if (lane_of_thread() == 0) y[row] = (float)(-0.5 * sum);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gaussian_log_likelihood_rows_pullback_f32(const float* __restrict__ x,       // (rows / x_repeat, cols)
                                          const float* __restrict__ mean,    // (rows / repeat, cols) or null
                                          const float* __restrict__ logvar,  // (rows / repeat, cols) or null
                                          const float* __restrict__ dy,      // (rows)
                                          float* __restrict__ d,             // (rows / x_repeat or repeat, cols)
                                          int rows, int cols, int x_repeat, int repeat, float log_variance, int of,
                                          int first) {
    int sharing = of == OF_X ? x_repeat : repeat;
    long long e = (long long)blockIdx.x * ELEMENT_BLOCK + threadIdx.x;
    if (e >= (long long)(rows / sharing) * cols) return;

    long long owner = e / cols;
    long long col = e - owner * cols;
    double sum = 0.0;
    float raw = log_variance;
    for (int s = 0; s < sharing; s++) {
        long long row = owner * sharing + s;
        long long at = row / repeat * cols + col;
        if (logvar != nullptr) raw = logvar[at];
        float apart = x[row / x_repeat * cols + col] - (mean != nullptr ? mean[at] : 0.0f);
        float scaled = apart * portable_exp(-bounded_log_variance(raw));
        float gradient = of == OF_X ? -scaled : of == OF_MEAN ? scaled : 0.5f * (scaled * apart - 1.0f);
        sum += (double)(dy[row] * gradient);
    }
    float total = (float)sum;
    contribute(d + e, of == OF_LOG_VARIANCE ? bounded_gradient(raw, total) : total, first);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
categorical_log_likelihood_rows_f32(const float* __restrict__ logits,  // (rows, cols)
                                    const int* __restrict__ label,     // (rows)
                                    float* __restrict__ y,             // (rows)
                                    float* __restrict__ log_sum,       // (rows)
                                    int rows, int cols) {
    int row = row_of_thread();
    if (row >= rows) return;

    logits += (size_t)row * cols;
    Normaliser n = normaliser(logits, cols);
    if (lane_of_thread() != 0) return;
    int which = label[row];
    float logit = which >= 0 && which < cols ? logits[which] : PORTABLE_NAN;
    log_sum[row] = log_of(n);
    y[row] = logit == -INFINITY ? logit : logit - n.max - portable_log((float)n.sum);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
categorical_log_likelihood_rows_pullback_f32(const float* __restrict__ logits,   // (rows, cols)
                                             const int* __restrict__ label,      // (rows)
                                             const float* __restrict__ log_sum,  // (rows)
                                             const float* __restrict__ dy,       // (rows)
                                             float* __restrict__ dlogits,        // (rows, cols)
                                             int rows, int cols, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q = load(logits + e, left);
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD && i < left; i++) {
        int which = label[cell.row];
        float share = portable_exp(q.at[i] - log_sum[cell.row]);
        bool possible = which >= 0 && which < cols && logits[cell.row * cols + which] != -INFINITY;
        q.at[i] = possible ? dy[cell.row] * ((cell.col == which ? 1.0f : 0.0f) - share) : 0.0f;
        to_next(cell, cols);
    }
    contribute(dlogits + e, q, left, first);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
gaussian_kl_rows_f32(const float* __restrict__ mu,      // (rows, cols)
                     const float* __restrict__ logvar,  // (rows, cols)
                     float* __restrict__ y,             // (rows)
                     int rows, int cols) {
    int row = row_of_thread();
    if (row >= rows) return;

    mu += (size_t)row * cols;
    logvar += (size_t)row * cols;
    double sum = 0.0;
    for (int j = lane_of_thread(); j < cols; j += LANES) {
        sum += (double)twice_kl(mu[j], bounded_log_variance(logvar[j]));
    }
    sum = lanes_sum(sum);
    if (lane_of_thread() == 0) y[row] = (float)(0.5 * sum);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gaussian_kl_rows_pullback_f32(const float* __restrict__ mu,      // (rows, cols)
                              const float* __restrict__ logvar,  // (rows, cols)
                              const float* __restrict__ dy,      // (rows)
                              float* __restrict__ dmu,           // (rows, cols)
                              float* __restrict__ dlogvar,       // (rows, cols)
                              int rows, int cols, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad m = load(mu + e, left);
    Quad v = load(logvar + e, left);
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD && i < left; i++) {
        float d = dy[cell.row];
        m.at[i] = d * m.at[i];
        v.at[i] = bounded_gradient(v.at[i], kl_gradient(bounded_log_variance(v.at[i]), d));
        to_next(cell, cols);
    }
    contribute(dmu + e, m, left, first);
    contribute(dlogvar + e, v, left, first);
}
