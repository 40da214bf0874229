/*
free_energy: log-weights of bits beside hidden units that are summed out, and their contrast

formula      rows      y[r] = sum_k v[r,k] a[k] + sum_j log(1 + exp l[r,j])
             contrast  y = sum_{r >= upper} x[r] / (rows - upper) - sum_{r < upper} x[r] / upper
                       pullback  w[r] = dy / (rows - upper), for r < upper -dy / upper;
                                 dl[r,j] = w[r] sigmoid l[r,j], what a contrast of the second sums of `rows` is owed
shapes       v (rows, visible)    a (visible)    l, dl (rows, hidden)    x, w (rows)
             y (rows), of a contrast (1)    dy (1)
types        f32; sums accumulate in f64, each rounded once to f32 before two of them are added
launch       free_energy_rows_f32: block 256, grid ceil(rows / 16)
             contrast_f32: block 16, grid 1
             free_energy_contrast_pullback_f32: block 256, grid ceil(rows * hidden / 256)
ownership    caller owns every buffer; forward and w are overwritten; dl overwritten if first, else added to
edges        0 < upper < rows.  An l of -inf adds 0, one of +inf gives +inf.  dy null: the number dy_all
determinism  bit contract: sums in the row order of common/rows.cuh
bytes        rows 4 rows (visible + hidden + 1); contrast 4 rows; pullback 8 rows hidden, 12 when it adds
versions     1  one launch for both sums of a row, one for the gradients of both halves of a batch; not yet timed
                <- this file
reference    dev.elbo.runtime.ops.NegativeFreeEnergy, FreeEnergyContrast: host branches
*/
#include "common/elements.cuh"
#include "common/rows.cuh"
#include "common/terms.cuh"

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
free_energy_rows_f32(const float* __restrict__ v,  // (rows, visible)
                     const float* __restrict__ a,  // (visible)
                     const float* __restrict__ l,  // (rows, hidden)
                     float* __restrict__ y,        // (rows)
                     int rows, int visible, int hidden) {
    int row = row_of_thread();
    if (row >= rows) return;

    v += (size_t)row * visible;
    l += (size_t)row * hidden;
    double linear = 0.0;
    for (int k = lane_of_thread(); k < visible; k += LANES) linear += (double)(v[k] * a[k]);
    linear = lanes_sum(linear);
    double summed_out = 0.0;
    for (int j = lane_of_thread(); j < hidden; j += LANES) summed_out += (double)portable_softplus(l[j]);
    summed_out = lanes_sum(summed_out);
    if (lane_of_thread() == 0) y[row] = (float)linear + (float)summed_out;
}

// The mean of so many rows, for all lanes, times a sign.
__device__ __forceinline__ float signed_mean(const float* x, int rows, double sign) {
    double sum = 0.0;
#pragma unroll 4
    for (int r = lane_of_thread(); r < rows; r += LANES) sum += (double)x[r];
    return (float)(lanes_sum(sum) / (sign * (double)rows));
}

extern "C" __global__ void __launch_bounds__(LANES)
contrast_f32(const float* __restrict__ x,  // (rows)
             float* __restrict__ y,        // (1)
             int rows, int upper) {
    float above = signed_mean(x, upper, -1.0);
    float below = signed_mean(x + upper, rows - upper, 1.0);
    if (lane_of_thread() == 0) *y = above + below;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
free_energy_contrast_pullback_f32(const float* __restrict__ l,   // (rows, hidden)
                                  const float* __restrict__ dy,  // (1) or null
                                  float* __restrict__ w,         // (rows)
                                  float* __restrict__ dl,        // (rows, hidden) or null
                                  int rows, int hidden, int upper, float dy_all, int first) {
    long long e = (long long)blockIdx.x * ELEMENT_BLOCK + threadIdx.x;
    if (e >= (long long)rows * hidden) return;

    Cell cell = cell_of(e, hidden);
    float whole = per_row(dy, dy_all, 0);
    float weight = cell.row < upper ? whole / (float)-upper : whole / (float)(rows - upper);
    if (cell.col == 0) w[cell.row] = weight;
    if (dl == nullptr) return;

    contribute(dl + e, term_gradient(TERM_SOFTPLUS, 1, l[e], 0.0f, 0.0f, weight), first);
}
