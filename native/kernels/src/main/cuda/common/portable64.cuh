// exp and log in f64 of correctly rounded operations alone, equal in every bit on every device; CUDA's own log divides
// by an approximation that is the chip's. Twin: dev.elbo.runtime.portable.PortableMath, where the comments are.
#pragma once

__device__ __forceinline__ double portable64_power_of_two(long long n) {
    return __longlong_as_double((n + 1023) << 52);
}

// Within 1 ulp above 2^-1022; 0 below, +inf from 709.78 up.
__device__ __forceinline__ double portable64_exp(double x) {
    if (!(x > -708.3964185322641)) return x == x ? 0.0 : x;
    x = x > 710.0 ? 710.0 : x;
    double shifted = __fma_rn(x, 1.4426950408889634, 6755399441055744.0);  // 1.5 2^52
    double n = shifted - 6755399441055744.0;
    double r = __fma_rn(n, -0x1.62e42fefa38p-1, x);
    r = __fma_rn(n, -0x1.ef35793c7673p-45, r);
    double p = 1.0 / 6227020800.0;
    p = __fma_rn(p, r, 1.0 / 479001600.0);
    p = __fma_rn(p, r, 1.0 / 39916800.0);
    p = __fma_rn(p, r, 1.0 / 3628800.0);
    p = __fma_rn(p, r, 1.0 / 362880.0);
    p = __fma_rn(p, r, 1.0 / 40320.0);
    p = __fma_rn(p, r, 1.0 / 5040.0);
    p = __fma_rn(p, r, 1.0 / 720.0);
    p = __fma_rn(p, r, 1.0 / 120.0);
    p = __fma_rn(p, r, 1.0 / 24.0);
    p = __fma_rn(p, r, 1.0 / 6.0);
    p = __fma_rn(p, r, 0.5);
    p = __fma_rn(p, r, 1.0);
    p = __fma_rn(p, r, 1.0);
    long long exponent = __double_as_longlong(shifted) - 0x4338000000000000LL;
    long long first = exponent >> 1;
    return p * portable64_power_of_two(first) * portable64_power_of_two(exponent - first);
}

// Within 2 ulp; 0 gives -inf, negative numbers NaN.
__device__ __forceinline__ double portable64_log(double x) {
    bool subnormal = x < 2.2250738585072014e-308;
    long long bits = __double_as_longlong(subnormal ? x * 18014398509481984.0 : x);  // 2^54
    long long e = (bits - 0x3fe6a09e667f3bcdLL) >> 52;
    double m = __longlong_as_double(bits - (e << 52));
    double s = __ddiv_rn(m - 1.0, m + 1.0);
    double square = s * s;
    double p = 1.0 / 21.0;
    p = __fma_rn(p, square, 1.0 / 19.0);
    p = __fma_rn(p, square, 1.0 / 17.0);
    p = __fma_rn(p, square, 1.0 / 15.0);
    p = __fma_rn(p, square, 1.0 / 13.0);
    p = __fma_rn(p, square, 1.0 / 11.0);
    p = __fma_rn(p, square, 1.0 / 9.0);
    p = __fma_rn(p, square, 1.0 / 7.0);
    p = __fma_rn(p, square, 1.0 / 5.0);
    p = __fma_rn(p, square, 1.0 / 3.0);
    double twice = s + s;
    double n = (double)(subnormal ? e - 54 : e);
    double low = __fma_rn(n, 0x1.ef35793c7673p-45, twice * square * p);
    double y = __fma_rn(n, 0x1.62e42fefa38p-1, twice + low);
    double edge = x < 0.0 ? (double)NAN : x == 0.0 ? -(double)INFINITY : x;
    return x > 0.0 && x < (double)INFINITY ? y : edge;
}
