/* What the host libraries share: a handle's stream is an int that counts the calls made on it, so that a test can see
   which stream a call went to; device memory is host memory; every sum is a plain loop in double. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define API __attribute__((visibility("default")))

static inline float rounded(float x, int keptBits) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    uint32_t drop = 23 - keptBits;
    bits += (1u << (drop - 1)) - 1 + (bits >> drop & 1);
    bits &= ~((1u << drop) - 1);
    memcpy(&x, &bits, 4);
    return x;
}

static inline float tf32(float x) { return rounded(x, 10); }
static inline float bf16(float x) { return rounded(x, 7); }
static inline float f32(float x) { return x; }

typedef float (*Rounding)(float);

static inline void count(void *stream) {
    if (stream) ++*(int *)stream;
}

/* A test sees at both ends of a workspace that it was used, and that its size was passed on. */
static inline void use(char *workspace, size_t bytes) {
    if (bytes) workspace[0] = workspace[bytes - 1] = 0x5a;
}
