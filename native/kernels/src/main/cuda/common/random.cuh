// Draws from Philox words, equal in every bit on every device (see portable.cuh). Twin: dev.elbo.runtime.random.Rng.
//
//   uniform    (word >>> 8) 2^-24                              in [0, 1), every multiple of 2^-24
//   normal     Box-Muller over the word pairs (0, 1), (2, 3)   |z| <= 6.66
//   bernoulli  (word >>> 2) < threshold(p)                     p <= 0 or NaN never, p >= 1 always
#ifndef ELBO_RANDOM_CUH
#define ELBO_RANDOM_CUH

#include "philox.cuh"

PORTABLE float uniform_of(unsigned int word) {
    return __fmul_rn(__int2float_rn((int)(word >> 8)), 5.9604644775390625e-8f);
}

// p in units of 2^-30, rounded down: the largest power of two that leaves p = 1 an int, so that no edge needs a branch.
PORTABLE int bernoulli_threshold(float p) {
    return __float2int_rz(__fmul_rn(p, 1073741824.0f));
}

// 1 with probability p, else 0; off by at most 2^-30.
PORTABLE float bernoulli_of(unsigned int word, float p) {
    return (int)(word >> 2) < bernoulli_threshold(p) ? 1.0f : 0.0f;
}

// sqrt(-2 ln u) for u = (word | 1) 2^-32, cut to 24 significant bits. u < 1, so the root is of a positive number.
PORTABLE float normal_radius(unsigned int word) {
    word |= 1u;
    int zeros = __clz((int)word);
    unsigned int significand = PORTABLE_ONE | ((word << zeros) >> 8 & 0x7fffffu);
    int upper = significand > 0x3fb504f3u;                 // above sqrt 2: halve, and raise the exponent
    float t = __fadd_rn(__uint_as_float(upper ? significand - 0x00800000u : significand), -1.0f);
    float e = __int2float_rn(upper - 1 - zeros);
    return __fsqrt_rn(__fmul_rn(-2.0f, portable_log_reduced(e, t)));
}

// cos and sin of 2 pi word / 2^32: the nearest quarter turn is taken off exactly, in integers, and comes back as a swap
// and signs.
PORTABLE void turn(unsigned int word, float* cosine, float* sine) {
    unsigned int quarter = (word + 0x20000000u) >> 30;
    float w = __fmul_rn(__int2float_rn((int)(word - (quarter << 30))), 4.65661287e-10f); // half turns in [-1/4, 1/4]
    float square = __fmul_rn(w, w);
    float s = -5.890122086e-1f;
    s = __fmaf_rn(s, square, 2.549761049f);
    s = __fmaf_rn(s, square, -5.167707682f);
    s = __fmaf_rn(s, square, 3.141592643f);
    s = __fmul_rn(s, w);
    float c = 2.312609210e-1f;
    c = __fmaf_rn(c, square, -1.335035906f);
    c = __fmaf_rn(c, square, 4.058706922f);
    c = __fmaf_rn(c, square, -4.934802158f);
    c = __fmaf_rn(c, square, 1.0f);
    unsigned int odd = quarter & 1u;
    unsigned int minus_cosine = ((quarter + 1u) & 2u) << 30; // the sign bit, in quarters 1 and 2
    unsigned int minus_sine = (quarter & 2u) << 30;          // the sign bit, in quarters 2 and 3
    *cosine = __uint_as_float(__float_as_uint(odd ? s : c) ^ minus_cosine);
    *sine = __uint_as_float(__float_as_uint(odd ? c : s) ^ minus_sine);
}

// Two independent standard normals from two words.
PORTABLE void normal_pair(unsigned int radius_word, unsigned int turn_word, float* first, float* second) {
    float radius = normal_radius(radius_word);
    float cosine, sine;
    turn(turn_word, &cosine, &sine);
    *first = __fmul_rn(radius, cosine);
    *second = __fmul_rn(radius, sine);
}

// Four independent standard normals, in the order of their elements.
PORTABLE void normals_of(PhiloxBlock block, float* z) {
    normal_pair(block.word[0], block.word[1], &z[0], &z[1]);
    normal_pair(block.word[2], block.word[3], &z[2], &z[3]);
}

#endif
