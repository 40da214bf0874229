// Portable f32 mathematics: exp, log, log1p on [0, 1], softplus, sigmoid and tanh, with the same bits on every device.
//
// Only correctly rounded operations are used (add, multiply, fused multiply-add, divide, square root: all IEEE 754,
// round to nearest even, with subnormals), comparisons that select, and integer operations on the bits. So a GPU, a
// scalar CPU loop and a vector CPU loop of any width agree in every bit; the twin is dev.elbo.runtime.cpu. A NaN equals
// any NaN: its sign and payload differ between machines and are not part of the contract.
//
// The names of CUDA's rounding intrinsics are used as they are; a host compiler gets functions of the same names below.
// It must not fuse or reorder: cc -std=c11 -O2 -ffp-contract=off (and -mfma where the machine has it).
//
// Error over all 2^32 floats against f64, in units in the last place of the f32 result:
//
//   portable_exp       0.90  +inf from 88.7228394 up, subnormal from -87.3365479 down, 0 from -103.972084 down
//   portable_log       0.99  subnormal arguments included; +-0 gives -inf, below 0 NaN, +inf gives +inf
//   portable_sigmoid   2.41  subnormal from -87.3365479 down, 0 from -103.972084 down, 1 above 16.6355305
//   portable_softplus  1.90  -inf gives 0, +inf gives +inf
//   portable_tanh      1.37  odd in every bit, never decreasing, +-1 beyond 9.0109129
#ifndef ELBO_PORTABLE_CUH
#define ELBO_PORTABLE_CUH

#ifdef __CUDACC__

#define PORTABLE __device__ __forceinline__

#else // the host twins of the intrinsics used below and in random.cuh

#include <math.h>
#include <stdint.h>
#include <string.h>

#define PORTABLE static inline

PORTABLE float __fmaf_rn(float a, float b, float c) {
    return fmaf(a, b, c);
}

PORTABLE float __fmul_rn(float a, float b) {
    return a * b;
}

PORTABLE float __fadd_rn(float a, float b) {
    return a + b;
}

PORTABLE float __fdiv_rn(float a, float b) {
    return a / b;
}

PORTABLE float __fsqrt_rn(float a) {
    return sqrtf(a);
}

PORTABLE float __int2float_rn(int i) {
    return (float)i;
}

// Towards zero; saturates, and NaN gives 0, as on the device and in Java.
PORTABLE int __float2int_rz(float x) {
    if (x != x) return 0;
    if (x >= 2147483648.0f) return 2147483647;
    if (x < -2147483648.0f) return -2147483647 - 1;
    return (int)x;
}

PORTABLE float __uint_as_float(unsigned int bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

PORTABLE unsigned int __float_as_uint(float x) {
    unsigned int bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

PORTABLE unsigned int __umulhi(unsigned int a, unsigned int b) {
    return (unsigned int)(((uint64_t)a * b) >> 32);
}

PORTABLE int __clz(int x) {
    return x == 0 ? 32 : __builtin_clz((unsigned int)x);
}

#endif

#define PORTABLE_SIGN 0x80000000u
#define PORTABLE_ONE 0x3f800000u
#define PORTABLE_INFINITY __uint_as_float(0x7f800000u)
#define PORTABLE_NAN __uint_as_float(0x7fc00000u)

// 2^n for -126 <= n <= 127.
PORTABLE float portable_power_of_two(int n) {
    return __uint_as_float((unsigned int)(n + 127) << 23);
}

// exp x = 2^n exp r,  n = round(x / ln 2),  r = x - n ln 2 in [-ln2/2, ln2/2].
PORTABLE float portable_exp(float x) {
    x = x > 89.0f ? 89.0f : x;       // both bounds lie beyond overflow and underflow; NaN passes
    x = x < -104.0f ? -104.0f : x;
    float shifted = __fmaf_rn(x, 1.442695041f, 12582912.0f); // 1.5 * 2^23: the low bits of the sum are n, rounded
    float n = __fadd_rn(shifted, -12582912.0f);
    float r = __fmaf_rn(n, -6.93145752e-1f, x);              // ln 2 in two parts; n times the first is exact
    r = __fmaf_rn(n, -1.42860677e-6f, r);
    float p = 1.382121700e-3f;
    p = __fmaf_rn(p, r, 8.368667215e-3f);
    p = __fmaf_rn(p, r, 4.166825861e-2f);
    p = __fmaf_rn(p, r, 1.666652113e-1f);
    p = __fmaf_rn(p, r, 4.999999404e-1f);
    p = __fmaf_rn(p, r, 1.0f);
    p = __fmaf_rn(p, r, 1.0f);
    // Two factors, since 2^n itself may not be a float: the first product is exact, the second rounds once.
    int exponent = (int)(__float_as_uint(shifted) - 0x4b400000u);
    int first = exponent >> 1;
    return __fmul_rn(__fmul_rn(p, portable_power_of_two(first)), portable_power_of_two(exponent - first));
}

// log(2^e (1 + t)) for 1 + t in [sqrt 1/2, sqrt 2]: the one polynomial behind log, log1p and the normals.
PORTABLE float portable_log_reduced(float e, float t) {
    float p = -7.974110463e-2f;
    p = __fmaf_rn(p, t, 1.265565098e-1f);
    p = __fmaf_rn(p, t, -1.298929081e-1f);
    p = __fmaf_rn(p, t, 1.420995208e-1f);
    p = __fmaf_rn(p, t, -1.664158102e-1f);
    p = __fmaf_rn(p, t, 2.000120075e-1f);
    p = __fmaf_rn(p, t, -2.500030393e-1f);
    p = __fmaf_rn(p, t, 3.333332995e-1f);
    float square = __fmul_rn(t, t);
    float y = __fmul_rn(__fmul_rn(p, t), square);
    y = __fmaf_rn(e, -2.12194440e-4f, y); // ln 2 = 0.693359375 - 2.12194440e-4; e times the first is exact
    y = __fmaf_rn(-0.5f, square, y);
    return __fmaf_rn(e, 0.693359375f, __fadd_rn(t, y));
}

PORTABLE float portable_log(float x) {
    int subnormal = x < 1.17549435e-38f;
    unsigned int bits = __float_as_uint(subnormal ? __fmul_rn(x, 8388608.0f) : x);
    unsigned int offset = bits - 0x3f3504f4u;  // the significand at and above sqrt 1/2 belongs to the exponent above
    int e = (int)offset >> 23;
    float t = __fadd_rn(__uint_as_float(bits - ((unsigned int)e << 23)), -1.0f);
    float y = portable_log_reduced(__int2float_rn(subnormal ? e - 23 : e), t);
    float edge = x < 0.0f ? PORTABLE_NAN : x == 0.0f ? -PORTABLE_INFINITY : x; // what remains is +inf or NaN
    return x > 0.0f && x < PORTABLE_INFINITY ? y : edge;
}

// log(1 + x) for 0 <= x <= 1. From sqrt 2 on, half of 1 + x is reduced: (1 + x) / 2 = 1 + (x - 1) / 2.
PORTABLE float portable_log1p_unit(float x) {
    int upper = x > 0.414213562f;
    return portable_log_reduced(upper ? 1.0f : 0.0f, upper ? __fmaf_rn(x, 0.5f, -0.5f) : x);
}

PORTABLE float portable_abs(float x) {
    return __uint_as_float(__float_as_uint(x) & ~PORTABLE_SIGN);
}

PORTABLE float portable_minus_abs(float x) {
    return __uint_as_float(__float_as_uint(x) | PORTABLE_SIGN);
}

// 1 / (1 + exp(-x)), with exp(-|x|) so that neither tail cancels or overflows.
PORTABLE float portable_sigmoid(float x) {
    float e = portable_exp(portable_minus_abs(x));
    return __fdiv_rn(x < 0.0f ? e : 1.0f, __fadd_rn(1.0f, e));
}

// log(1 + exp x) = max(x, 0) + log(1 + exp(-|x|)).
PORTABLE float portable_softplus(float x) {
    float tail = portable_log1p_unit(portable_exp(portable_minus_abs(x)));
    return __fadd_rn(x > 0.0f ? x : 0.0f, tail);
}

// An odd polynomial near 0, 1 - 2 / (exp(2|x|) + 1) beyond; the sign is put back at the end.
PORTABLE float portable_tanh(float x) {
    float a = portable_abs(x);
    float square = __fmul_rn(a, a);
    float p = -5.692296661e-3f;
    p = __fmaf_rn(p, square, 2.062816732e-2f);
    p = __fmaf_rn(p, square, -5.373651534e-2f);
    p = __fmaf_rn(p, square, 1.333140582e-1f);
    p = __fmaf_rn(p, square, -3.333328068e-1f);
    float near = __fmaf_rn(__fmul_rn(a, square), p, a);
    float far = __fadd_rn(1.0f, __fdiv_rn(-2.0f, __fadd_rn(portable_exp(__fadd_rn(a, a)), 1.0f)));
    float y = a < 0.625f ? near : far;
    return __uint_as_float(__float_as_uint(y) | (__float_as_uint(x) & PORTABLE_SIGN));
}

#endif
