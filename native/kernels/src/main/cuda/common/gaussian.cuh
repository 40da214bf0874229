// Pieces of the diagonal Gaussian, on log-variances.
#pragma once

#include "portable.cuh"

#define LOG_TWO_PI 1.8378770664093453f
#define LOG_VARIANCE_BOUND 20  // a log-variance counts as at most 20 and at least -20: deviations from 4.5e-5 to 2.2e4

// A NaN passes.
__device__ __forceinline__ float bounded_log_variance(float v) {
    float bound = (float)LOG_VARIANCE_BOUND;
    return v > bound ? bound : v < -bound ? -bound : v;
}

// Outside the bounds nothing depends on the log-variance.
__device__ __forceinline__ float bounded_gradient(float v, float dv) {
    return portable_abs(v) > (float)LOG_VARIANCE_BOUND ? 0.0f : dv;
}

// Twice one dimension's share of KL(N(mu, exp v) || N(0, 1)), for a bounded v.
__device__ __forceinline__ float twice_kl(float mu, float v) {
    return mu * mu + ((portable_exp(v) - 1.0f) - v);
}

// d KL / d logvar times dkl, for a bounded v.
__device__ __forceinline__ float kl_gradient(float v, float dkl) {
    return 0.5f * dkl * (portable_exp(v) - 1.0f);
}

// Twice the share of one dimension in log N(z | 0, 1) - log q(z), for a draw z of q by a normal eps and a bounded v.
__device__ __forceinline__ float twice_log_ratio(float v, float eps, float z) {
    return v + eps * eps - z * z;
}

// What dz is with what a gradient of that ratio adds to it. `z` may be null where the gradient is 0, `dz` for 0.
__device__ __forceinline__ float draw_gradient(const float* z, const float* dz, long long e, float dratio) {
    if (z == nullptr) return dz != nullptr ? dz[e] : 0.0f;
    return dz != nullptr ? dz[e] + -dratio * z[e] : -dratio * z[e];
}
