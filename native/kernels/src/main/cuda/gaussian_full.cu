/*
gaussian_full: normals with a full covariance L L^T: draws, KL(q || N(0, I)), log q, log-density, and their pullbacks

formula      a factor is L packed by columns, log L[k,k] first and L[j,k], j > k, after it: cols (cols + 1) / 2 in all;
             v[k] = 2 log L[k,k], bounded to [-20, 20]    eps[r,j] ~ N(0, 1), element r cols + j of the noise
             draws     z[r,j] = mu[i,j] + sum_{k<j} L[j,k] eps[r,k] + exp(v[j] / 2) eps[r,j]          i = r / samples
                       kl[i]  = 1/2 (sum_j mu^2 + exp v - 1 - v + sum_{k<j} L[j,k]^2)
                       log_q[r] = -1/2 sum_j log 2 pi + v + eps^2    ratio[r] = 1/2 sum_j v + eps^2 - z^2
             pullback  g = dz - dratio z, dmu = sum_s g + dkl mu, dL[j,k] = sum_s g[j] eps[k] + dkl L[j,k], j > k
                       dlogL[k,k] = sum_s (g[k] exp(v / 2) eps[k] - (dlog_q - dratio)) + dkl (exp v - 1), 0 out of
                       bounds; gradients of rows that are null are kl_all, q_all and ratio_all for all rows
             density   w[r] = L^-1 (x[r] - mu[i])    y[r] = -1/2 sum_j log 2 pi + v + w^2
                       pullback: g[r] = dy[r] L^-T w[r], dx = -g; then the one above of dz = g, eps = w, dlog_q = dy
shapes       mu, dmu (rows, cols)    factor, dfactor (rows, width - cols)    kl, dkl (rows)    noise (4)
             z, dz, eps, x, dx, w, g (rows samples, cols)    log_q, ratio, dlog_q, dratio, y, dy (rows samples)
types        f32; KL, log q, ratio, y and sums over samples and in the second solve accumulate in f64, one
             rounding to f32
launch       gaussian_full_rows_f32: block 256, grid ceil(rows * samples / 16)
             gaussian_full_pullback_f32: block 32 x 16, grid ceil(width / 32) x rows
             gaussian_full_density_rows_f32: block 256, grid ceil(rows * samples / 16)
             gaussian_full_density_rows_pullback_f32: block 256, grid ceil(rows * samples / 16)
ownership    caller owns every buffer; z, kl, log_q, ratio, w, y, g are overwritten; dmu, dfactor and dx by the
             first, else added to
edges        z, kl, log_q, ratio, dz, dkl, dlog_q, dratio, dmu, dfactor, dx may each be null; ratio where z is; z of
             the pullback where dratio is 0; noise where nothing is drawn; eps to draw it.  NaN stays NaN.
             width = cols + cols (cols + 1) / 2; rows to 65535 in the pullback
determinism  bit contract: element [j,k] of a sum over a row or a factor belongs to accumulator j mod 16, columns
             ascending; sums over samples and in the second solve in the order of common/rows.cuh; each expression
             rounded as written in the source, so that a diagonal factor gives the bits of reparameterise
bytes        draws 4 rows (width + samples (cols + 1)); pullback 8 rows width + 4 rows samples cols, most of it from
             cache; density and its pullback 4 rows samples (3 cols + 1) + 4 rows width
versions     1  a half-warp for a row: a lane owns every 16th element of it, and what it adds to an element later it
                finds in z, w or g; each thread of the pullback draws the eps it needs; not yet timed  <- this file
reference    dev.elbo.runtime.ops, host branch of FactorRows
*/
#include "common/draws.cuh"
#include "common/gaussian.cuh"
#include "common/rows.cuh"

#define COLUMNS 32  // elements of a gradient that a block sums over samples

// Elements of a packed factor.
__device__ __forceinline__ size_t packed(int cols) {
    return (size_t)cols * (cols + 1) / 2;
}

// v of a column.
__device__ __forceinline__ float column_variance(const float* column) {
    return bounded_log_variance(2.0f * column[0]);
}

__device__ __forceinline__ float deviation(float v) {
    return portable_exp(0.5f * v);
}

// The first element at or below the diagonal that this lane owns.
__device__ __forceinline__ int first_owned(int k, int lane) {
    return k + ((lane - k) & (LANES - 1));
}

__device__ __forceinline__ float from_lane(float value, int lane) {
    return __shfl_sync(half_warp(), value, lane, LANES);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
gaussian_full_rows_f32(const float* __restrict__ mu,        // (rows, cols)
                       const float* __restrict__ factor,    // (rows, width - cols)
                       float* __restrict__ z,               // (rows samples, cols) or null
                       float* __restrict__ kl,              // (rows) or null
                       float* __restrict__ log_q,           // (rows samples) or null
                       float* __restrict__ ratio,           // (rows samples) or null
                       const unsigned* __restrict__ noise,  // (4) or null
                       unsigned operation, int rows, int cols, int samples) {
    int r = row_of_thread();
    if (r >= rows * samples) return;

    int row = r / samples;
    int lane = lane_of_thread();
    bool draws = z != nullptr || log_q != nullptr;
    const float* column = factor + row * packed(cols);
    mu += (size_t)row * cols;
    long long first = (long long)r * cols;
    for (int j = lane; z != nullptr && j < cols; j += LANES) z[first + j] = mu[j];
    double kl_sum = 0.0, q_sum = 0.0, ratio_sum = 0.0;
    float drawn = 0.0f;
    for (int k = 0; k < cols; column += cols - k, k++) {
        int next = k + lane;
        if (k % LANES == 0 && draws) drawn = next < cols ? normal_at(noise, operation, first + next) : 0.0f;
        float eps = from_lane(drawn, k % LANES);
        int j = first_owned(k, lane);
        if (j == k) {
            float v = column_variance(column);
            kl_sum += (double)twice_kl(mu[k], v);
            q_sum += (double)(LOG_TWO_PI + (v + eps * eps));
            if (z != nullptr) {
                float done = __fmaf_rn(deviation(v), eps, z[first + k]);
                z[first + k] = done;
                ratio_sum += (double)twice_log_ratio(v, eps, done);
            }
            j += LANES;
        }
        for (; j < cols; j += LANES) {
            float l = column[j - k];
            kl_sum += (double)(l * l);
            if (z != nullptr) z[first + j] = __fmaf_rn(eps, l, z[first + j]);
        }
    }
    kl_sum = lanes_sum(kl_sum);
    q_sum = lanes_sum(q_sum);
    ratio_sum = lanes_sum(ratio_sum);
    if (lane != 0) return;
    if (kl != nullptr && r % samples == 0) kl[row] = (float)(0.5 * kl_sum);
    if (log_q != nullptr) log_q[r] = (float)(-0.5 * q_sum);
    if (ratio != nullptr) ratio[r] = (float)(0.5 * ratio_sum);
}

// The column that element e of a packed factor stands in; e becomes its place below the diagonal.
__device__ __forceinline__ int column_of(int& e, int cols) {
    int k = 0;
    for (; e >= cols - k; k++) e -= cols - k;
    return k;
}

extern "C" __global__ void __launch_bounds__(COLUMNS * LANES)
gaussian_full_pullback_f32(const float* __restrict__ mu,        // (rows, cols)
                           const float* __restrict__ factor,    // (rows, width - cols)
                           const float* __restrict__ z,         // (rows samples, cols) or null
                           const float* __restrict__ dz,        // (rows samples, cols) or null
                           const float* __restrict__ eps,       // (rows samples, cols) or null
                           const float* __restrict__ dkl,       // (rows) or null
                           const float* __restrict__ dlog_q,    // (rows samples) or null
                           const float* __restrict__ dratio,    // (rows samples) or null
                           float* __restrict__ dmu,             // (rows, cols) or null
                           float* __restrict__ dfactor,         // (rows, width - cols) or null
                           const unsigned* __restrict__ noise,  // (4) or null
                           unsigned operation, int rows, int cols, int samples, int width, float kl_all, float q_all,
                           float ratio_all, int first_mu, int first_factor) {
    __shared__ double sums[LANES][COLUMNS];
    int row = (int)blockIdx.y;
    int e = (int)(blockIdx.x * COLUMNS + threadIdx.x);
    int lane = (int)threadIdx.y;
    bool inside = row < rows && e < width;
    bool of_mean = e < cols;
    int below = e - cols;
    int k = of_mean || !inside ? 0 : column_of(below, cols);
    int j = of_mean ? e : k + below;
    bool diagonal = !of_mean && below == 0;
    size_t at = of_mean ? (size_t)row * cols + e : row * packed(cols) + (e - cols);

    float value = !inside ? 0.0f : of_mean ? mu[at] : factor[at];
    float v = bounded_log_variance(2.0f * value);
    double sum = 0.0;
    for (int s = lane; inside && s < samples; s += LANES) {
        long long r = (long long)row * samples + s;
        float gratio = per_row(dratio, ratio_all, r);
        float d = draw_gradient(z, dz, r * cols + j, gratio);
        if (of_mean) {
            sum += (double)d;
            continue;
        }
        float n = 0.0f;
        if (dz != nullptr || z != nullptr) {
            n = eps != nullptr ? eps[r * cols + k] : normal_at(noise, operation, r * cols + k);
        }
        float gq = per_row(dlog_q, q_all, r) - gratio;
        sum += (double)(diagonal ? d * deviation(v) * n - gq : d * n);
    }
    sums[lane][threadIdx.x] = sum;
    for (int step = LANES / 2; step > 0; step /= 2) {
        __syncthreads();
        if (lane < step) sums[lane][threadIdx.x] += sums[lane + step][threadIdx.x];
    }
    if (lane != 0 || !inside) return;
    float gkl = per_row(dkl, kl_all, row);
    float d = (float)sums[0][threadIdx.x] + gkl * (diagonal ? portable_exp(v) - 1.0f : value);
    if (diagonal) d = bounded_gradient(2.0f * value, d);
    if (of_mean && dmu != nullptr) contribute(dmu + at, d, first_mu);
    if (!of_mean && dfactor != nullptr) contribute(dfactor + at, d, first_factor);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
gaussian_full_density_rows_f32(const float* __restrict__ x,       // (rows samples, cols)
                               const float* __restrict__ mu,      // (rows, cols)
                               const float* __restrict__ factor,  // (rows, width - cols)
                               float* __restrict__ w,             // (rows samples, cols)
                               float* __restrict__ y,             // (rows samples)
                               int rows, int cols, int samples) {
    int r = row_of_thread();
    if (r >= rows * samples) return;

    int row = r / samples;
    int lane = lane_of_thread();
    const float* column = factor + row * packed(cols);
    mu += (size_t)row * cols;
    x += (size_t)r * cols;
    w += (size_t)r * cols;
    for (int j = lane; j < cols; j += LANES) w[j] = x[j] - mu[j];
    double sum = 0.0;
    for (int k = 0; k < cols; column += cols - k, k++) {
        int j = first_owned(k, lane);
        float solved = 0.0f;
        if (j == k) {
            float v = column_variance(column);
            solved = w[k] * deviation(-v);
            w[k] = solved;
            sum += (double)(LOG_TWO_PI + (v + solved * solved));
            j += LANES;
        }
        solved = from_lane(solved, k % LANES);
        for (; j < cols; j += LANES) w[j] = __fmaf_rn(-solved, column[j - k], w[j]);
    }
    sum = lanes_sum(sum);
    if (lane == 0) y[r] = (float)(-0.5 * sum);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
gaussian_full_density_rows_pullback_f32(const float* __restrict__ factor,  // (rows, width - cols)
                                        const float* __restrict__ w,       // (rows samples, cols)
                                        const float* __restrict__ dy,      // (rows samples)
                                        float* __restrict__ g,             // (rows samples, cols)
                                        float* __restrict__ dx,            // (rows samples, cols) or null
                                        int rows, int cols, int samples, int first) {
    int r = row_of_thread();
    if (r >= rows * samples) return;

    int lane = lane_of_thread();
    const float* column = factor + (r / samples + 1) * packed(cols);
    size_t at = (size_t)r * cols;
    for (int k = cols - 1; k >= 0; k--) {
        column -= cols - k;
        double sum = 0.0;
        for (int j = k + 1 + lane; j < cols; j += LANES) sum += (double)(column[j - k] * g[at + j]);
        float rest = (float)lanes_sum(sum);
        if (lane == 0) {
            float solved = (dy[r] * w[at + k] - rest) * deviation(-column_variance(column));
            g[at + k] = solved;
            if (dx != nullptr) contribute(dx + at + k, -solved, first);
        }
        __syncwarp(half_warp());
    }
}
