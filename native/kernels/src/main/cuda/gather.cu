/*
gather: the rows of a batch, in shuffled order, binarised on the way; and what an embedding makes of its gradient

formula      shuffled  position = batch rows + r; epoch, slot = position / count, position % count;
                       index[r] = permutation(seed, operation, epoch) of slot, or slot if not shuffled
             gather    y[r,j] = scale data[index[r],j], drawn as 0 or 1 with that probability if there is noise
             pullback  dtable[v,j] = sum over r with index[r] = v of dy[r,j], r ascending
shapes       data, dtable (count, cols)    y, dy (rows, cols)    index (rows)    noise (4)    batch (2) = batches before
             this one, low and high word: the step of a noise will do
types        f32 or u8 data, f32 y; i32 data, y and index; u32 words
launch       shuffled_rows_i32: block 256, grid ceil(rows / 256)
             gather_rows_f32, gather_rows_u8: block 256, grid ceil(rows * cols / 1024)
             gather_rows_i32: block 256, grid ceil(rows * cols / 256)
             gather_rows_pullback_f32: block 256, grid ceil(count / 8)
ownership    caller owns every buffer; y and index are overwritten; dtable is overwritten if first, else added to
edges        epochs follow each other without a gap, so that a batch may hold the end of one and the start of the
             next. An index outside 0 .. count - 1: y = NaN (i32: -1), no gradient.  rows of dtable that nobody asked
             for: 0 if first
determinism  bit contract: integers; draws by element r cols + j of the operation's noise; the pullback adds in f32,
             one row of dy after the other, by one warp
bytes        gather 8 rows cols (u8: 5); pullback 4 count cols + 4 count rows of index from the cache + 8 rows cols
versions     1  index first, since labels, lengths and images share it, by the shuffle of decisions/0001; the pullback
                looks through all of index for each row of the table, which is right up to some thousand positions;
                not yet timed  <- this file
reference    dev.elbo.runtime, host branches of gather and embedding
*/
#include "common/draws.cuh"

#define WARP 32
#define WARPS 8  // rows of a table per block
#define ROUNDS 8
#define MIN_HALF 4  // bits; a network over fewer does not reach all permutations alike

// A permutation of 0 .. count - 1 that stores nothing: a Feistel network over the next even number of bits, walked
// until it lands inside. Eight rounds, each keyed by a word of noise.
__device__ __forceinline__ unsigned permuted(unsigned slot, unsigned count, const unsigned* keys) {
    int half = max(MIN_HALF, (33 - __clz((int)(count - 1))) / 2);
    unsigned mask = (1u << half) - 1;
    do {
        unsigned left = slot >> half, right = slot & mask;
        for (int round = 0; round < ROUNDS; round++) {
            unsigned x = (right ^ keys[round]) * 0x9E3779B1u;
            x = (x ^ x >> 15) * 0x85EBCA6Bu;
            unsigned next = left ^ ((x ^ x >> 13) & mask);
            left = right;
            right = next;
        }
        slot = left << half | right;
    } while (slot >= count);
    return slot;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
shuffled_rows_i32(int* __restrict__ index,             // (rows)
                  const unsigned* __restrict__ batch,  // (2)
                  const unsigned* __restrict__ noise,  // (4)
                  unsigned operation, int rows, int count, int shuffle) {
    int r = (int)(blockIdx.x * ELEMENT_BLOCK + threadIdx.x);
    if (r >= rows) return;

    unsigned long long before = (unsigned long long)batch[1] << 32 | batch[0];
    unsigned long long position = before * (unsigned)rows + (unsigned)r;
    unsigned long long epoch = position / (unsigned)count;
    unsigned slot = (unsigned)(position - epoch * (unsigned)count);
    unsigned keys[ROUNDS];
    for (int i = 0; i < ROUNDS; i += QUAD) {
        // An epoch is to a permutation what a step is to a draw.
        const unsigned at[4] = {noise[0], noise[1], (unsigned)epoch, (unsigned)(epoch >> 32)};
        PhiloxBlock block = noise_block(at, operation, (unsigned)(i / QUAD));
        for (int k = 0; k < QUAD; k++) keys[i + k] = block.word[k];
    }
    index[r] = (int)(shuffle ? permuted(slot, (unsigned)count, keys) : slot);
}

// Four elements of a batch: data by its index, or coins of that probability where there is noise.
template <typename T>
__device__ __forceinline__ void gather(const T* data, const int* index, float* y, const unsigned* noise,
                                       unsigned operation, int rows, int cols, int count, float scale) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    PhiloxBlock block = {};
    if (noise != nullptr) block = quad_noise(noise, operation, e);
    Quad q = {};
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD && i < left; i++) {
        int row = index[cell.row];
        bool known = row >= 0 && row < count;
        float value = known ? scale * (float)data[(long long)row * cols + cell.col] : PORTABLE_NAN;
        q.at[i] = noise != nullptr && known ? bernoulli_of(block.word[i], value) : value;
        to_next(cell, cols);
    }
    store(y + e, q, left);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gather_rows_f32(const float* __restrict__ data,      // (count, cols)
                const int* __restrict__ index,       // (rows)
                float* __restrict__ y,               // (rows, cols)
                const unsigned* __restrict__ noise,  // (4) or null
                unsigned operation, int rows, int cols, int count, float scale) {
    gather(data, index, y, noise, operation, rows, cols, count, scale);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gather_rows_u8(const unsigned char* __restrict__ data,  // (count, cols)
               const int* __restrict__ index,           // (rows)
               float* __restrict__ y,                   // (rows, cols)
               const unsigned* __restrict__ noise,      // (4) or null
               unsigned operation, int rows, int cols, int count, float scale) {
    gather(data, index, y, noise, operation, rows, cols, count, scale);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gather_rows_i32(const int* __restrict__ data,   // (count, cols)
                const int* __restrict__ index,  // (rows)
                int* __restrict__ y,            // (rows, cols)
                int rows, int cols, int count) {
    long long e = (long long)blockIdx.x * ELEMENT_BLOCK + threadIdx.x;
    if (e >= (long long)rows * cols) return;

    Cell cell = cell_of(e, cols);
    int row = index[cell.row];
    y[e] = row >= 0 && row < count ? data[(long long)row * cols + cell.col] : -1;
}

extern "C" __global__ void __launch_bounds__(WARP * WARPS)
gather_rows_pullback_f32(const int* __restrict__ index,  // (rows)
                         const float* __restrict__ dy,   // (rows, cols)
                         float* __restrict__ dtable,     // (count, cols)
                         int rows, int cols, int count, int first) {
    int v = (int)(blockIdx.x * WARPS + threadIdx.x / WARP);
    int lane = (int)threadIdx.x % WARP;
    if (v >= count) return;

    float* to = dtable + (long long)v * cols;
    if (first) {
        for (int j = lane; j < cols; j += WARP) to[j] = 0.0f;
    }
    for (int base = 0; base < rows; base += WARP) {
        unsigned asked = __ballot_sync(0xffffffffu, base + lane < rows && index[base + lane] == v);
        for (; asked != 0; asked &= asked - 1) {
            const float* from = dy + (long long)(base + __ffs((int)asked) - 1) * cols;
            for (int j = lane; j < cols; j += WARP) to[j] += from[j];
        }
    }
}
