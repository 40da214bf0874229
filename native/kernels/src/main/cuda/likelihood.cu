/*
likelihood: log-probabilities of rows, divergences and products, as sums of terms; and the categorical on logits

formula      sum_terms    y[r] = (onto[r] +) scale sum_j term(x1[r1,j], x2[r2,j], x3[r3,j]), rk = r / repeatk,
                          term and scale by their code in common/terms.cuh: product, Bernoulli, Gaussian, KL, ...
                          pullback  dxk[rk,j] = sum over the rows r that share rk of dy[r] scale times the
                          derivative of the term with respect to xk; dy[r] = dy_all where dy is null
             categorical  y[r] = logits[r,label[r]] - log_sum[r], log_sum[r] = log sum_j exp logits[r,j]
                          pullback  dlogits = dy ([j = label] - exp(logits - log_sum))
shapes       xk (rows / repeatk, cols)    dx like the argument it is the gradient of
             y, onto, dy, label, log_sum (rows)
             logits, dlogits (rows, cols)
types        f32, label i32; a term in f32; sums over a row and over repeats accumulate in f64, one rounding to f32
launch       sum_terms_rows_f32, categorical_log_likelihood_rows_f32: block 256, grid ceil(rows / 16)
             sum_terms_rows_pullback_f32: block 256, grid ceil(rows * cols / 256)
             categorical_log_likelihood_rows_pullback_f32: block 256, grid ceil(rows * cols / 1024)
ownership    caller owns every buffer; forward overwrites; pullbacks overwrite if first, else add; onto may be y, whose
             rows are then added to, or null
edges        x2 and x3 may be null where the term reads fewer.  rows is a multiple of each repeat.  Logits of +-inf are
             certainty: 0 where x agrees, -inf where it does not, gradient 0.  Log-variances count within +-20, gradient
             0 beyond.  A label whose logit is -inf: y = -inf, gradient 0 for its row.  A label outside 0 .. cols - 1:
             y = NaN, gradient 0
determinism  bit contract: sums over a row in the row order of common/rows.cuh, over the rows that share one after the
             other; each expression rounded as written in the source
bytes        sum_terms 4 arity rows cols, pullback 4 (arity + 1) rows cols; categorical 4 rows cols, pullback 8 rows
             cols
versions     3  rows may be added to others, and one number be the gradient of all of them, which saves launches of
                both; not timed  <- this file
             2  one kernel for all terms, so that a term is a line of a table on both devices; not timed
             1  a kernel for each likelihood, the same arithmetic; replaced without having been timed
reference    dev.elbo.runtime.cpu.Term; dev.elbo.runtime.cpu.SoftmaxMath for the categorical
*/
#include "common/elements.cuh"
#include "common/softmax.cuh"
#include "common/terms.cuh"

// An argument at element j of row r, 0 where the term does not read it.
__device__ __forceinline__ float argument_at(bool read, const float* x, long long r, int repeat, int cols, int j) {
    return read ? x[r / repeat * cols + j] : 0.0f;
}

template <int TERM>
__device__ __forceinline__ double scaled_sum(const float* x1, const float* x2, const float* x3, int row, int cols,
                                             int repeat1, int repeat2, int repeat3) {
    x1 += (size_t)(row / repeat1) * cols;
    if (arity_of(TERM) >= 2) x2 += (size_t)(row / repeat2) * cols;
    if (arity_of(TERM) >= 3) x3 += (size_t)(row / repeat3) * cols;
    double sum = 0.0;
    for (int j = lane_of_thread(); j < cols; j += LANES) {
        sum += (double)term_value(TERM, x1[j], arity_of(TERM) >= 2 ? x2[j] : 0.0f, arity_of(TERM) >= 3 ? x3[j] : 0.0f);
    }
    return scale_of(TERM) * lanes_sum(sum);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
sum_terms_rows_f32(const float* __restrict__ x1,  // (rows / repeat1, cols)
                   const float* __restrict__ x2,  // (rows / repeat2, cols) or null
                   const float* __restrict__ x3,  // (rows / repeat3, cols) or null
                   const float* onto,             // (rows), or y, or null
                   float* y,                      // (rows)
                   int rows, int cols, int repeat1, int repeat2, int repeat3, int term) {
    int row = row_of_thread();
    if (row >= rows) return;

    double sum = 0.0;
    switch (term) {
#define CASE(t) \
    case t: \
        sum = scaled_sum<t>(x1, x2, x3, row, cols, repeat1, repeat2, repeat3); \
        break;
        EACH_TERM(CASE)
#undef CASE
    }
    if (lane_of_thread() == 0) y[row] = onto != nullptr ? onto[row] + (float)sum : (float)sum;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
sum_terms_rows_pullback_f32(const float* __restrict__ x1,  // (rows / repeat1, cols)
                            const float* __restrict__ x2,  // (rows / repeat2, cols) or null
                            const float* __restrict__ x3,  // (rows / repeat3, cols) or null
                            const float* __restrict__ dy,  // (rows) or null
                            float* __restrict__ dx,        // (rows / repeat, cols), the repeat of the argument
                            int rows, int cols, int repeat1, int repeat2, int repeat3, int term, int argument,
                            float dy_all, int first) {
    int sharing = argument == 1 ? repeat1 : argument == 2 ? repeat2 : repeat3;
    long long e = (long long)blockIdx.x * ELEMENT_BLOCK + threadIdx.x;
    if (e >= (long long)(rows / sharing) * cols) return;

    Cell cell = cell_of(e, cols);
    int arity = arity_of(term);
    int j = (int)cell.col;
    double sum = 0.0;
    float gradient = 0.0f;
    for (long long r = cell.row * sharing; r < (cell.row + 1) * sharing; r++) {
        float u = argument_at(true, x1, r, repeat1, cols, j);
        float v = argument_at(arity >= 2, x2, r, repeat2, cols, j);
        float w = argument_at(arity >= 3, x3, r, repeat3, cols, j);
        gradient = term_gradient(term, argument, u, v, w, per_row(dy, dy_all, r));
        sum += (double)gradient;
    }
    contribute(dx + e, sharing == 1 ? gradient : (float)sum, first);
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
    float total = log_of(normaliser(logits, cols));
    if (lane_of_thread() != 0) return;
    int which = label[row];
    float logit = which >= 0 && which < cols ? logits[which] : PORTABLE_NAN;
    log_sum[row] = total;
    y[row] = logit == -INFINITY ? logit : logit - total;
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
