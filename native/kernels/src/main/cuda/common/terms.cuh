// What a sum over a row adds up: functions of one to three elements, each with what it makes of a gradient. The codes
// are those of dev.elbo.runtime.cpu.Term.
//
//   y = scale sum value(x1, x2, x3)      dxk = gradient(k, x1, x2, x3, dy) = dy scale d value / d xk
#pragma once

#include "gaussian.cuh"

#define TERM_VALUE 0         // x1
#define TERM_SQUARE 1        // x1^2
#define TERM_PRODUCT 2       // x1 x2
#define TERM_BERNOULLI 3     // log-probability of x2 under a logit x1
#define TERM_GAUSSIAN 4      // -2 times the log-density of x1 under mean x2 and log-variance x3; scale -1/2
#define TERM_GAUSSIAN_KL 5   // twice KL(N(x1, exp x2) || N(0, 1)); scale 1/2
#define TERM_NORMAL_DRAW 6   // -2 times the log-density of mean + exp(x1 / 2) x2 under its own normal; scale -1/2
#define TERM_NORMAL_RATIO 7  // twice the log of N(0, 1) over that normal, at the draw x3; scale 1/2
#define TERM_SOFTPLUS 8      // log(1 + exp x1)

#define EACH_TERM(CASE)                                                                \
    CASE(TERM_VALUE) CASE(TERM_SQUARE) CASE(TERM_PRODUCT) CASE(TERM_BERNOULLI)         \
    CASE(TERM_GAUSSIAN) CASE(TERM_GAUSSIAN_KL) CASE(TERM_NORMAL_DRAW)                  \
    CASE(TERM_NORMAL_RATIO) CASE(TERM_SOFTPLUS)

// How many of x1, x2, x3 a term reads.
__device__ __forceinline__ constexpr int arity_of(int term) {
    if (term <= TERM_SQUARE || term == TERM_SOFTPLUS) return 1;
    return term == TERM_GAUSSIAN || term == TERM_NORMAL_RATIO ? 3 : 2;
}

// What the sum is multiplied by.
__device__ __forceinline__ constexpr double scale_of(int term) {
    if (term == TERM_GAUSSIAN || term == TERM_NORMAL_DRAW) return -0.5;
    return term == TERM_GAUSSIAN_KL || term == TERM_NORMAL_RATIO ? 0.5 : 1.0;
}

// x log sigmoid(l) + (1 - x) log(1 - sigmoid(l)), as (x - [l > 0]) l - log(1 + exp -|l|), which does not cancel for a
// confident logit. Where x and the sign of l agree there is no product: 0 times inf is NaN.
__device__ __forceinline__ float bernoulli_term(float l, float x) {
    float disagreement = x - (l > 0.0f ? 1.0f : 0.0f);
    float product = disagreement == 0.0f ? 0.0f : disagreement * l;
    return product - portable_log1p_unit(portable_exp(portable_minus_abs(l)));
}

__device__ __forceinline__ float gaussian_term(float x, float mean, float log_variance) {
    float v = bounded_log_variance(log_variance);
    float apart = x - mean;
    return LOG_TWO_PI + v + apart * apart * portable_exp(-v);
}

__device__ __forceinline__ float gaussian_gradient(int argument, float x, float mean, float log_variance, float dy) {
    float apart = x - mean;
    float scaled = apart * portable_exp(-bounded_log_variance(log_variance));
    float slope = argument == 1 ? -scaled : argument == 2 ? scaled : 0.5f * (scaled * apart - 1.0f);
    float gradient = 0.0f + dy * slope;  // no -0, whether a row is shared or not
    return argument == 3 ? bounded_gradient(log_variance, gradient) : gradient;
}

__device__ __forceinline__ float term_value(int term, float x1, float x2, float x3) {
    switch (term) {
        case TERM_SQUARE: return x1 * x1;
        case TERM_PRODUCT: return x1 * x2;
        case TERM_BERNOULLI: return bernoulli_term(x1, x2);
        case TERM_GAUSSIAN: return gaussian_term(x1, x2, x3);
        case TERM_GAUSSIAN_KL: return twice_kl(x1, bounded_log_variance(x2));
        case TERM_NORMAL_DRAW: return LOG_TWO_PI + (bounded_log_variance(x1) + x2 * x2);
        case TERM_NORMAL_RATIO: return twice_log_ratio(bounded_log_variance(x1), x2, x3);
        case TERM_SOFTPLUS: return portable_softplus(x1);
        default: return x1;
    }
}

// `argument` counts from 1.
__device__ __forceinline__ float term_gradient(int term, int argument, float x1, float x2, float x3, float dy) {
    switch (term) {
        case TERM_SQUARE: return dy * (x1 + x1);
        case TERM_PRODUCT: return dy * (argument == 1 ? x2 : x1);
        case TERM_BERNOULLI:
            if (argument == 2) return dy * x1;
            return portable_abs(x1) == PORTABLE_INFINITY ? 0.0f : dy * (x2 - portable_sigmoid(x1));
        case TERM_GAUSSIAN: return gaussian_gradient(argument, x1, x2, x3, dy);
        case TERM_GAUSSIAN_KL:
            if (argument == 1) return dy * x1;
            return bounded_gradient(x2, kl_gradient(bounded_log_variance(x2), dy));
        case TERM_NORMAL_DRAW: return argument == 1 ? bounded_gradient(x1, -0.5f * dy) : -(dy * x2);
        case TERM_NORMAL_RATIO:
            if (argument == 1) return bounded_gradient(x1, 0.5f * dy);
            return argument == 2 ? dy * x2 : -(dy * x3);
        case TERM_SOFTPLUS: return dy * portable_sigmoid(x1);
        default: return dy;
    }
}
