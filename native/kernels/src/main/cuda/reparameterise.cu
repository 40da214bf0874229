/*
reparameterise: z ~ N(mu, exp logvar) as a function of mu and logvar, with KL(q || N(0, I)), log q(z) and the log of
N(z | 0, I) over q(z)

formula      v = logvar, bounded to [-20, 20]    eps[r,j] ~ N(0, 1), element r cols + j of the operation's noise
             z[r,j]   = fma(exp(v[i,j] / 2), eps[r,j], mu[i,j])     i = r / samples
             kl[i]    = 1/2 sum_j mu^2 + exp v - 1 - v              log_q[r] = -1/2 sum_j log 2 pi + v + eps^2
             ratio[r] = 1/2 sum_j v + eps^2 - z^2
             pullback, eps drawn again, s over the samples of i, g = dz - dratio z:
             dmu      = sum_s g + dkl mu
             dlogvar  = sum_s 1/2 (g exp(v / 2) eps - (dlog_q - dratio)) + 1/2 dkl (exp v - 1), 0 where logvar is out
                        of bounds; gradients of rows that are null are kl_all, q_all and ratio_all for all rows
shapes       mu, logvar, dmu, dlogvar (rows, cols)    z, dz (rows samples, cols), the samples of a row together
             kl, dkl (rows)    log_q, dlog_q, ratio, dratio (rows samples)    noise (4)
types        f32; KL, log q, the ratio and the sums over samples accumulate in f64, one rounding to f32
launch       reparameterise_f32: block 256, grid ceil(rows * samples * cols / 1024)
             reparameterise_rows_f32: block 256, grid ceil(rows * samples / 16)
             reparameterise_pullback_f32: block 256, grid ceil(rows * cols / 1024)
             reparameterise_samples_pullback_f32: block 32 x 16, grid ceil(cols / 32) x rows
ownership    caller owns every buffer; forward overwrites; pullbacks overwrite dmu if first_mu, dlogvar if
             first_logvar, else add
edges        kl, log_q, ratio, dz, dkl, dlog_q, dratio, dmu, dlogvar may each be null, as may z where dratio is 0.
             NaN stays NaN.  rows samples cols up to 2^34; for many samples rows to 65535
determinism  bit contract: kl, log_q and ratio in the row order of common/rows.cuh over columns, the sums of
             reparameterise_samples_pullback in that order over samples; each expression rounded as written in the
             source
bytes        forward 8 rows cols + 4 rows samples (cols + 2); pullback 12 rows cols + 4 rows samples cols
versions     3  the ratio, which took six launches of others, and known gradients as numbers; not timed  <- this file
             2  gradients that nobody has or wants may be null
             1  _f32: one Philox block per four elements; _rows and _samples: one per element, since four elements of
                a block are not one lane's; a block costs about 80 integer operations; not yet timed
reference    dev.elbo.runtime.ops, host branch of reparameterise
*/
#include "common/draws.cuh"
#include "common/gaussian.cuh"
#include "common/rows.cuh"

#define COLUMNS 32  // columns of one block that sums over samples

__device__ __forceinline__ float deviation(float v) {
    return portable_exp(0.5f * v);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
reparameterise_f32(const float* __restrict__ mu,        // (rows, cols)
                   const float* __restrict__ logvar,    // (rows, cols)
                   float* __restrict__ z,               // (rows samples, cols)
                   const unsigned* __restrict__ noise,  // (4)
                   unsigned operation, int rows, int cols, int samples) {
    long long e = first_of_thread();
    long long left = (long long)rows * samples * cols - e;
    if (left <= 0) return;

    Quad m = {}, v = {};
    if (samples == 1) {
        m = load(mu + e, left);
        v = load(logvar + e, left);
    } else {
        Cell cell = cell_of(e, cols);
        for (int i = 0; i < QUAD && i < left; i++) {
            long long from = cell.row / samples * cols + cell.col;
            m.at[i] = mu[from];
            v.at[i] = logvar[from];
            to_next(cell, cols);
        }
    }
    Quad q = quad_normals(noise, operation, e);
    for (int i = 0; i < QUAD; i++) q.at[i] = __fmaf_rn(deviation(bounded_log_variance(v.at[i])), q.at[i], m.at[i]);
    store(z + e, q, left);
}

extern "C" __global__ void __launch_bounds__(ROW_BLOCK)
reparameterise_rows_f32(const float* __restrict__ mu,        // (rows, cols)
                        const float* __restrict__ logvar,    // (rows, cols)
                        float* __restrict__ z,               // (rows samples, cols)
                        float* __restrict__ kl,              // (rows) or null
                        float* __restrict__ log_q,           // (rows samples) or null
                        float* __restrict__ ratio,           // (rows samples) or null
                        const unsigned* __restrict__ noise,  // (4)
                        unsigned operation, int rows, int cols, int samples) {
    int r = row_of_thread();
    if (r >= rows * samples) return;

    int row = r / samples;
    double kl_sum = 0.0, q_sum = 0.0, ratio_sum = 0.0;
    for (int j = lane_of_thread(); j < cols; j += LANES) {
        long long e = (long long)r * cols + j;
        float m = mu[(size_t)row * cols + j];
        float v = bounded_log_variance(logvar[(size_t)row * cols + j]);
        float eps = normal_at(noise, operation, e);
        float drawn = __fmaf_rn(deviation(v), eps, m);
        z[e] = drawn;
        kl_sum += (double)twice_kl(m, v);
        q_sum += (double)(LOG_TWO_PI + (v + eps * eps));
        ratio_sum += (double)twice_log_ratio(v, eps, drawn);
    }
    kl_sum = lanes_sum(kl_sum);
    q_sum = lanes_sum(q_sum);
    ratio_sum = lanes_sum(ratio_sum);
    if (lane_of_thread() != 0) return;
    if (kl != nullptr && r % samples == 0) kl[row] = (float)(0.5 * kl_sum);
    if (log_q != nullptr) log_q[r] = (float)(-0.5 * q_sum);
    if (ratio != nullptr) ratio[r] = (float)(0.5 * ratio_sum);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
reparameterise_pullback_f32(const float* __restrict__ mu,        // (rows, cols)
                            const float* __restrict__ logvar,    // (rows, cols)
                            const float* __restrict__ z,         // (rows, cols) or null
                            const float* __restrict__ dz,        // (rows, cols) or null
                            const float* __restrict__ dkl,       // (rows) or null
                            const float* __restrict__ dlog_q,    // (rows) or null
                            const float* __restrict__ dratio,    // (rows) or null
                            float* __restrict__ dmu,             // (rows, cols) or null
                            float* __restrict__ dlogvar,         // (rows, cols) or null
                            const unsigned* __restrict__ noise,  // (4)
                            unsigned operation, int rows, int cols, float kl_all, float q_all, float ratio_all,
                            int first_mu, int first_logvar) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad m = load(mu + e, left);
    Quad v = load(logvar + e, left);
    Quad d = {}, eps = {};
    if (dz != nullptr || z != nullptr) eps = quad_normals(noise, operation, e);
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD && i < left; i++) {
        float gkl = per_row(dkl, kl_all, cell.row);
        float gratio = per_row(dratio, ratio_all, cell.row);
        float gq = per_row(dlog_q, q_all, cell.row) - gratio;
        float g = draw_gradient(z, dz, e + i, gratio);
        float bounded = bounded_log_variance(v.at[i]);
        float dv = 0.5f * (g * deviation(bounded) * eps.at[i] - gq) + kl_gradient(bounded, gkl);
        d.at[i] = g + gkl * m.at[i];
        v.at[i] = bounded_gradient(v.at[i], dv);
        to_next(cell, cols);
    }
    if (dmu != nullptr) contribute(dmu + e, d, left, first_mu);
    if (dlogvar != nullptr) contribute(dlogvar + e, v, left, first_logvar);
}

extern "C" __global__ void __launch_bounds__(COLUMNS * LANES)
reparameterise_samples_pullback_f32(const float* __restrict__ mu,        // (rows, cols)
                                    const float* __restrict__ logvar,    // (rows, cols)
                                    const float* __restrict__ z,         // (rows samples, cols) or null
                                    const float* __restrict__ dz,        // (rows samples, cols) or null
                                    const float* __restrict__ dkl,       // (rows) or null
                                    const float* __restrict__ dlog_q,    // (rows samples) or null
                                    const float* __restrict__ dratio,    // (rows samples) or null
                                    float* __restrict__ dmu,             // (rows, cols) or null
                                    float* __restrict__ dlogvar,         // (rows, cols) or null
                                    const unsigned* __restrict__ noise,  // (4)
                                    unsigned operation, int rows, int cols, int samples, float kl_all, float q_all,
                                    float ratio_all, int first_mu, int first_logvar) {
    __shared__ double mu_sums[LANES][COLUMNS], v_sums[LANES][COLUMNS];
    int row = (int)blockIdx.y;
    int col = (int)(blockIdx.x * COLUMNS + threadIdx.x);
    int lane = (int)threadIdx.y;
    bool inside = row < rows && col < cols;
    size_t at = (size_t)row * cols + col;

    float logv = inside ? logvar[at] : 0.0f;
    float v = bounded_log_variance(logv);
    float sd = deviation(v);
    double mu_sum = 0.0, v_sum = 0.0;
    for (int s = lane; inside && s < samples; s += LANES) {
        long long r = (long long)row * samples + s;
        float gratio = per_row(dratio, ratio_all, r);
        float d = draw_gradient(z, dz, r * cols + col, gratio);
        bool moves = dz != nullptr || z != nullptr;
        float eps = moves ? normal_at(noise, operation, r * cols + col) : 0.0f;
        float gq = per_row(dlog_q, q_all, r) - gratio;
        mu_sum += (double)d;
        v_sum += (double)(0.5f * (d * sd * eps - gq));
    }
    mu_sums[lane][threadIdx.x] = mu_sum;
    v_sums[lane][threadIdx.x] = v_sum;
    for (int step = LANES / 2; step > 0; step /= 2) {
        __syncthreads();
        if (lane >= step) continue;
        mu_sums[lane][threadIdx.x] += mu_sums[lane + step][threadIdx.x];
        v_sums[lane][threadIdx.x] += v_sums[lane + step][threadIdx.x];
    }
    if (lane != 0 || !inside) return;
    float gkl = per_row(dkl, kl_all, row);
    float dv = (float)v_sums[0][threadIdx.x] + kl_gradient(v, gkl);
    if (dmu != nullptr) contribute(dmu + at, (float)mu_sums[0][threadIdx.x] + gkl * mu[at], first_mu);
    if (dlogvar != nullptr) contribute(dlogvar + at, bounded_gradient(logv, dv), first_logvar);
}
