/*
probe: what a GPU takes for the things that decide how a kernel is to be written

probe_empty     nothing: what a launch and a node of a graph cost
probe_copy      y = x in 16-byte accesses: the bandwidth of memory, and of the L2 cache where both fit
probe_multiply  eight chains of f32 fused multiply-adds a thread: the rate of a multiprocessor
probe_latency   cycles of a dependent operation, of a barrier, and of a broadcast from shared memory, by the clock of
                one block
*/
#define ROUNDS 512        // of each operation that is timed
#define MULTIPLIES 1024   // of each chain
#define CHAINS 8

extern "C" __global__ void probe_empty() {}

extern "C" __global__ void __launch_bounds__(256)
probe_copy(const float4* __restrict__ x,  // (n)
           float4* __restrict__ y,        // (n)
           long long n) {
    long long stride = (long long)gridDim.x * blockDim.x;
    for (long long e = (long long)blockIdx.x * blockDim.x + threadIdx.x; e < n; e += stride) y[e] = x[e];
}

extern "C" __global__ void __launch_bounds__(256)
probe_multiply(float* __restrict__ y,  // (1), written if the sum were 12345
               float a) {
    float x[CHAINS];
    for (int i = 0; i < CHAINS; i++) x[i] = threadIdx.x + i;
    for (int k = 0; k < MULTIPLIES; k++) {
#pragma unroll
        for (int i = 0; i < CHAINS; i++) x[i] = __fmaf_rn(x[i], a, 0.5f);
    }
    float sum = 0.0f;
    for (int i = 0; i < CHAINS; i++) sum += x[i];
    if (sum == 12345.0f) y[0] = sum;
}

// Cycles of `body`, as thread 0 of the block sees them.
template <typename Body>
__device__ __forceinline__ void timed(long long* cycles, Body body) {
    __syncthreads();
    long long begin = clock64();
    body();
    long long end = clock64();
    if (threadIdx.x == 0) *cycles = end - begin;
    __syncthreads();
}

extern "C" __global__ void __launch_bounds__(1024)
probe_latency(long long* __restrict__ cycles,  // (8), of ROUNDS operations each; of the last, of `hops`
              float* __restrict__ y,           // (blockDim.x)
              const int* __restrict__ next,    // a ring of places, in elements
              int hops) {
    __shared__ __align__(16) float cells[1024];
    cells[threadIdx.x] = 1e-3f * threadIdx.x;
    float x = 1.0f + 1e-3f * threadIdx.x, f = 1.0001f, sum = 0.0f;
    double d = x;
    int lane = (int)threadIdx.x & 31, at = 0;
    timed(cycles + 0, [&] {
#pragma unroll 32
        for (int i = 0; i < ROUNDS; i++) x = __fmaf_rn(x, f, f);
    });
    timed(cycles + 1, [&] {
#pragma unroll 32
        for (int i = 0; i < ROUNDS; i++) d = __fma_rn(d, 1.0001, 1.0);
    });
    timed(cycles + 2, [&] {
#pragma unroll 32
        for (int i = 0; i < ROUNDS; i++) asm volatile("ex2.approx.f32 %0, %0;" : "+f"(x));
    });
    timed(cycles + 3, [&] {
#pragma unroll 32
        for (int i = 0; i < ROUNDS; i++) x = __shfl_sync(~0u, x, (lane + 1) & 31);
    });
    timed(cycles + 4, [&] {
        for (int i = 0; i < ROUNDS; i++) {
            cells[threadIdx.x] = x;
            __syncwarp();
            x = cells[(threadIdx.x & ~31u) + (unsigned)((lane + 1) & 31)] + f;
            __syncwarp();
        }
    });
    timed(cycles + 5, [&] {
#pragma unroll 16
        for (int i = 0; i < ROUNDS; i++) __syncthreads();
    });
    // Independent loads of one address by all lanes, 16 bytes each: what a broadcast costs where they are many.
    unsigned base = (unsigned)__cvta_generic_to_shared(cells);
    timed(cycles + 6, [&] {
#pragma unroll 16
        for (int i = 0; i < ROUNDS; i++) {
            float a, b, c, e;
            asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];"
                         : "=f"(a), "=f"(b), "=f"(c), "=f"(e)
                         : "r"(base + 16u * (i & 7)));
            sum += a + b + c + e;
        }
    });
    timed(cycles + 7, [&] {
        for (int i = 0; i < hops; i++) at = __ldcg(next + at);
    });
    y[threadIdx.x] = x + (float)d + sum + at;
}
