// Prints fingerprints of the headers' draws and functions, for a host compiler to be compared with Java.
//
//   fingerprints draws COUNT      hash of COUNT uniforms, and of COUNT normals
//   fingerprints functions STRIDE hash of each function over every STRIDE-th float, a NaN as 0x7fc00000
#include "random.cuh"
#include <stdio.h>
#include <stdlib.h>

static uint64_t mix(uint64_t hash, unsigned int word) {
    return (hash ^ word) * 1099511628211u;
}

static void draws(unsigned int count) {
    const unsigned int noise[4] = {12345, 678, 7, 0};
    uint64_t uniforms = 1469598103934665603u;
    uint64_t normals = 1469598103934665603u;
    for (unsigned int block = 0; block < count / 4; block++) {
        PhiloxBlock words = noise_block(noise, 0, block);
        float z[4];
        normals_of(words, z);
        for (int i = 0; i < 4; i++) {
            uniforms = mix(uniforms, __float_as_uint(uniform_of(words.word[i])));
            normals = mix(normals, __float_as_uint(z[i]));
        }
    }
    printf("uniforms %016llx\nnormals %016llx\n", (unsigned long long)uniforms, (unsigned long long)normals);
}

static void function(const char* name, float (*f)(float), uint64_t stride) {
    uint64_t hash = 1469598103934665603u;
    for (uint64_t bits = 0; bits < (uint64_t)1 << 32; bits += stride) {
        float y = f(__uint_as_float((unsigned int)bits));
        hash = mix(hash, y != y ? 0x7fc00000u : __float_as_uint(y));
    }
    printf("%s %016llx\n", name, (unsigned long long)hash);
}

static float threshold(float p) {
    return __uint_as_float((unsigned int)bernoulli_threshold(p));
}

int main(int count, char** arguments) {
    if (count != 3) return 2;
    uint64_t number = strtoull(arguments[2], NULL, 10);
    if (arguments[1][0] == 'd') {
        draws((unsigned int)number);
        return 0;
    }
    function("exp", portable_exp, number);
    function("log", portable_log, number);
    function("sigmoid", portable_sigmoid, number);
    function("softplus", portable_softplus, number);
    function("tanh", portable_tanh, number);
    function("threshold", threshold, number);
    return 0;
}
