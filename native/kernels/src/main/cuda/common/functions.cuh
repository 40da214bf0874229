// The unary functions y = f(x) and what they make of a gradient, by code: one table for the pointwise kernels and for
// the epilogue of the matrix product. A kernel gets the code as an argument, so all threads take the same branch.
#pragma once

#include "portable.cuh"

#define IDENTITY 0    // x
#define EXP 1         // exp x                       gradient from y
#define LOG 2         // log x                       gradient from x
#define SQRT 3        // sqrt x                      gradient from y
#define SQUARE 4      // x x                         gradient from x
#define ABS 5         // |x|                         gradient from x; 0 at 0
#define NEGATE 6      // -x
#define SIGMOID 7     // 1 / (1 + exp -x)            gradient from y
#define TANH 8        // tanh x                      gradient from y
#define SOFTPLUS 9    // log(1 + exp x)              gradient from x
#define RELU 10       // 0 if x <= 0, else x         gradient from x
#define LEAKY_RELU 11 // slope x if x < 0, else x    gradient from x; slope is the parameter

// For code that branches once for several elements.
#define EACH_FUNCTION(CASE)                                                                       \
    CASE(EXP) CASE(LOG) CASE(SQRT) CASE(SQUARE) CASE(ABS) CASE(NEGATE) CASE(SIGMOID) CASE(TANH) \
    CASE(SOFTPLUS) CASE(RELU) CASE(LEAKY_RELU)

__device__ __forceinline__ float function_of(int function, float x, float parameter) {
    switch (function) {
        case EXP: return portable_exp(x);
        case LOG: return portable_log(x);
        case SQRT: return __fsqrt_rn(x);
        case SQUARE: return x * x;
        case ABS: return portable_abs(x);
        case NEGATE: return -x;
        case SIGMOID: return portable_sigmoid(x);
        case TANH: return portable_tanh(x);
        case SOFTPLUS: return portable_softplus(x);
        case RELU: return x <= 0.0f ? 0.0f : x;  // a NaN passes
        case LEAKY_RELU: return x < 0.0f ? parameter * x : x;
        default: return x;
    }
}

// dy f'(x), written in x or in y, whichever is shorter; the other is not looked at.
__device__ __forceinline__ float function_gradient(int function, float x, float y, float dy, float parameter) {
    switch (function) {
        case EXP: return dy * y;
        case LOG: return dy / x;
        case SQRT: return dy / (y + y);
        case SQUARE: return dy * (x + x);
        case ABS: return x > 0.0f ? dy : x < 0.0f ? -dy : 0.0f;
        case NEGATE: return -dy;
        case SIGMOID: return dy * (y * (1.0f - y));
        case TANH: return dy * __fmaf_rn(-y, y, 1.0f);
        case SOFTPLUS: return dy * portable_sigmoid(x);
        case RELU: return x > 0.0f ? dy : 0.0f;
        case LEAKY_RELU: return x < 0.0f ? parameter * dy : dy;
        default: return dy;
    }
}
