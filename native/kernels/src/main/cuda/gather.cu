/*
gather: the rows of a batch, in shuffled order, binarised on the way; what an embedding makes of its gradient; columns

formula      shuffled  position = batch rows + r; epoch, slot = position / count, position % count;
                       index[r] = permutation(seed, operation, epoch) of slot, or slot if not shuffled
             batch     y[r,j] = data[index[r],j] with that index, which is not stored; where there are coins, 0 or 1,
                       1 with that probability
             gather    y[r,j] = data[index[r],j]            bytes are read as byte / 255
             pullback  dtable[v,j] = sum over r with index[r] = v of dy[r,j], r ascending
             columns   y[i,t,k] = x[i,t,index[i,k]]
                       dx[i,t,j] = sum over k with index[i,k] = j of dy[i,t,k], k ascending
shapes       data, dtable (count, cols)    y, dy (rows, cols)    index (rows)    noise, coins (4)    batch (2) = batches
             before this one, low and high word: the step of a noise will do, and is taken where there is no batch;
             columns: x, dx (n, t, s), index (n, m), y, dy (n, t, m), rows = n t
types        f32 or u8 data, f32 y; i32 data, y and index; u32 words
launch       shuffled_rows_i32: block 256, grid ceil(rows / 256)
             shuffled_batch_f32, shuffled_batch_u8: block 256, grid ceil(rows * cols / 1024)
             gather_rows_f32, gather_rows_u8: block 256, grid ceil(rows * cols / 1024)
             gather_rows_i32: block 256, grid ceil(rows * cols / 256)
             gather_rows_pullback_f32: block 256, grid ceil(count / 8)
             gather_columns_f32: block 256, grid ceil(rows * m / 256)
             gather_columns_pullback_f32: block 256, grid ceil(rows * s / 256)
ownership    caller owns every buffer; y and index are overwritten; dtable, dx are overwritten if first, else added to
edges        epochs follow each other without a gap, so that a batch may hold the end of one and the start of the
             next. An index outside 0 .. count - 1: y = NaN (i32: -1), no gradient.  rows of dtable that nobody asked
             for: 0 if first
determinism  bit contract: integers, one correctly rounded division; draws by element r cols + j of the coins; the
             pullback adds in f32, one row of dy after the other, by one warp
bytes        batch, gather 8 rows cols (u8: 5); pullback 4 count cols + 4 count rows of index from the cache + 8 rows
             cols
versions     1  a batch is one launch: each thread finds the row of its four elements itself, twenty rounds of noise and
                the shuffle of decisions/0001 for it, where its coins are ten; not yet timed  <- this file
             0  index first, then data with coins: a launch more, which no step can do without; for labels, lengths and
                images that share an index, shuffled_rows_i32 and gather_rows_* are still that. The pullback looks
                through all of index for each row of the table, which is right up to some thousand positions
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

// The row that stands in place r of a batch.
__device__ __forceinline__ int shuffled_row(long long r, const unsigned* batch, const unsigned* noise,
                                            unsigned operation, int rows, int count, int shuffle) {
    unsigned long long before = (unsigned long long)batch[1] << 32 | batch[0];
    unsigned long long position = before * (unsigned)rows + (unsigned)r;
    unsigned long long epoch = position / (unsigned)count;
    unsigned slot = (unsigned)(position - epoch * (unsigned)count);
    if (!shuffle) return (int)slot;

    unsigned keys[ROUNDS];
    for (int i = 0; i < ROUNDS; i += QUAD) {
        // An epoch is to a permutation what a step is to a draw.
        const unsigned at[4] = {noise[0], noise[1], (unsigned)epoch, (unsigned)(epoch >> 32)};
        PhiloxBlock block = noise_block(at, operation, (unsigned)(i / QUAD));
        for (int k = 0; k < QUAD; k++) keys[i + k] = block.word[k];
    }
    return (int)permuted(slot, (unsigned)count, keys);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
shuffled_rows_i32(int* __restrict__ index,             // (rows)
                  const unsigned* __restrict__ batch,  // (2)
                  const unsigned* __restrict__ noise,  // (4)
                  unsigned operation, int rows, int count, int shuffle) {
    int r = (int)(blockIdx.x * ELEMENT_BLOCK + threadIdx.x);
    if (r < rows) index[r] = shuffled_row(r, batch, noise, operation, rows, count, shuffle);
}

__device__ __forceinline__ float number_of(float value) { return value; }

__device__ __forceinline__ float number_of(unsigned char byte) { return __fdiv_rn((float)byte, 255.0f); }

// Four elements of a batch: data, or coins of that probability.
template <typename T>
__device__ __forceinline__ void batch(const T* data, float* y, const unsigned* noise, unsigned operation,
                                      const unsigned* coins, unsigned coins_operation, int rows, int cols, int count,
                                      int shuffle) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    PhiloxBlock block = {};
    if (coins != nullptr) block = quad_noise(coins, coins_operation, e);
    Quad q = {};
    Cell cell = cell_of(e, cols);
    int row = 0;
    for (int i = 0; i < QUAD && i < left; i++) {
        if (i == 0 || cell.col == 0) row = shuffled_row(cell.row, noise + 2, noise, operation, rows, count, shuffle);
        float value = number_of(data[(long long)row * cols + cell.col]);
        q.at[i] = coins != nullptr ? bernoulli_of(block.word[i], value) : value;
        to_next(cell, cols);
    }
    store(y + e, q, left);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
shuffled_batch_f32(const float* __restrict__ data,      // (count, cols)
                   float* __restrict__ y,               // (rows, cols)
                   const unsigned* __restrict__ noise,  // (4)
                   unsigned operation,
                   const unsigned* __restrict__ coins,  // (4) or null
                   unsigned coins_operation, int rows, int cols, int count, int shuffle) {
    batch(data, y, noise, operation, coins, coins_operation, rows, cols, count, shuffle);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
shuffled_batch_u8(const unsigned char* __restrict__ data,  // (count, cols)
                  float* __restrict__ y,                   // (rows, cols)
                  const unsigned* __restrict__ noise,      // (4)
                  unsigned operation,
                  const unsigned* __restrict__ coins,  // (4) or null
                  unsigned coins_operation, int rows, int cols, int count, int shuffle) {
    batch(data, y, noise, operation, coins, coins_operation, rows, cols, count, shuffle);
}

// Four elements of the rows at an index.
template <typename T>
__device__ __forceinline__ void gather(const T* data, const int* index, float* y, int rows, int cols, int count) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q = {};
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD && i < left; i++) {
        int row = index[cell.row];
        bool known = row >= 0 && row < count;
        q.at[i] = known ? number_of(data[(long long)row * cols + cell.col]) : PORTABLE_NAN;
        to_next(cell, cols);
    }
    store(y + e, q, left);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gather_rows_f32(const float* __restrict__ data,  // (count, cols)
                const int* __restrict__ index,   // (rows)
                float* __restrict__ y,           // (rows, cols)
                int rows, int cols, int count) {
    gather(data, index, y, rows, cols, count);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gather_rows_u8(const unsigned char* __restrict__ data,  // (count, cols)
               const int* __restrict__ index,           // (rows)
               float* __restrict__ y,                   // (rows, cols)
               int rows, int cols, int count) {
    gather(data, index, y, rows, cols, count);
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

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gather_columns_f32(const float* __restrict__ x,    // (n, t, s)
                   const int* __restrict__ index,  // (n, m)
                   float* __restrict__ y,          // (n, t, m)
                   int rows, int t, int s, int m) {
    long long e = (long long)blockIdx.x * ELEMENT_BLOCK + threadIdx.x;
    if (e >= (long long)rows * m) return;

    Cell cell = cell_of(e, m);
    int col = index[(long long)(cell.row / t) * m + cell.col];
    y[e] = col >= 0 && col < s ? x[(long long)cell.row * s + col] : -INFINITY;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
gather_columns_pullback_f32(const int* __restrict__ index,  // (n, m)
                            const float* __restrict__ dy,   // (n, t, m)
                            float* __restrict__ dx,         // (n, t, s)
                            int rows, int t, int s, int m, int first) {
    long long e = (long long)blockIdx.x * ELEMENT_BLOCK + threadIdx.x;
    if (e >= (long long)rows * s) return;

    Cell cell = cell_of(e, s);
    const int* wanted = index + (long long)(cell.row / t) * m;
    const float* from = dy + (long long)cell.row * m;
    float sum = first ? 0.0f : dx[e];
    for (int k = 0; k < m; k++) {
        if (wanted[k] == cell.col) sum += from[k];
    }
    dx[e] = sum;
}
