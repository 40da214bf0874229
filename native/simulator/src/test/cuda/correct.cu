// Correct kernels with all the patterns that a checker might take for mistakes.
#define TILE 16

// c = a b by shared tiles; a (m, k), b (k, n), c (m, n).
extern "C" __global__ void __launch_bounds__(TILE * TILE)
product(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c, int m, int n, int k) {
    __shared__ float left[TILE][TILE + 1], right[TILE][TILE + 1];
    int row = blockIdx.y * TILE + threadIdx.y, col = blockIdx.x * TILE + threadIdx.x;
    float sum = 0;
    for (int t = 0; t < k; t += TILE) {
        int i = t + threadIdx.x, j = t + threadIdx.y;
        left[threadIdx.y][threadIdx.x] = row < m && i < k ? a[row * k + i] : 0;
        right[threadIdx.y][threadIdx.x] = col < n && j < k ? b[j * n + col] : 0;
        __syncthreads();
        for (int s = 0; s < TILE; s++) sum = fmaf(left[threadIdx.y][s], right[s][threadIdx.x], sum);
        __syncthreads();
    }
    if (row < m && col < n) c[(size_t)row * n + col] = sum;
}

__device__ __forceinline__ float warp_sum(float x) {
    for (int by = 16; by > 0; by /= 2) x += __shfl_xor_sync(~0u, x, by);
    return x;
}

// y[row] = sum of x[row], one block a row; x (rows, cols).
extern "C" __global__ void row_sums(const float* x, float* y, int cols) {
    __shared__ float part[32];
    float sum = 0;
    for (int j = threadIdx.x; j < cols; j += blockDim.x) sum += x[(size_t)blockIdx.x * cols + j];
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) part[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x < 32) {
        sum = threadIdx.x < blockDim.x / 32 ? part[threadIdx.x] : 0;
        sum = warp_sum(sum);
        if (threadIdx.x == 0) y[blockIdx.x] = sum;
    }
}

// Inclusive prefix sums of one block, double-buffered in dynamic shared memory.
extern "C" __global__ void scan(const int* x, int* y) {
    extern __shared__ int buffer[];
    int n = blockDim.x, t = threadIdx.x, from = 0;
    buffer[t] = x[t];
    for (int by = 1; by < n; by *= 2) {
        __syncthreads();
        int to = n - from;
        buffer[to + t] = buffer[from + t] + (t >= by ? buffer[from + t - by] : 0);
        from = to;
    }
    y[t] = buffer[from + t];
}

// Each warp sums its 32 values through shared memory, with no barrier wider than a warp.
extern "C" __global__ void warp_tree(const int* x, int* y) {
    __shared__ int cell[8][32];
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    int* mine = cell[warp];
    mine[lane] = x[threadIdx.x];
    __syncwarp();
    for (int by = 16; by > 0; by /= 2) {
        int sum = lane < by ? mine[lane] + mine[lane + by] : 0;
        __syncwarp();
        if (lane < by) mine[lane] = sum;
        __syncwarp();
    }
    if (lane == 0) y[warp] = mine[0];
}

// Counts in shared bins by atomics, then to global memory; every thread clears the same flag.
extern "C" __global__ void histogram(const unsigned char* x, unsigned* bins, int n) {
    __shared__ unsigned local[64];
    __shared__ int flag;
    flag = 1;
    if (threadIdx.x < 64) local[threadIdx.x] = 0;
    __syncthreads();
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        atomicAdd(&local[x[i] % 64], flag);
    }
    __syncthreads();
    if (threadIdx.x < 64) atomicAdd(&bins[threadIdx.x], local[threadIdx.x]);
}

// Halves side by side in shared memory, each written by a thread of its own.
extern "C" __global__ void halves(const short* x, short* y) {
    __shared__ short tile[256];
    tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    y[threadIdx.x] = tile[blockDim.x - 1 - threadIdx.x];
}

// Two warps hand items to two others through numbered barriers.
extern "C" __global__ void hand_over(const int* x, int* y, int rounds) {
    __shared__ int item[64];
    int t = threadIdx.x % 64;
    for (int r = 0; r < rounds; r++) {
        if (threadIdx.x < 64) {
            item[t] = x[r * 64 + t];
            asm volatile("bar.arrive 1, 128;" ::: "memory");
            asm volatile("bar.sync 2, 128;" ::: "memory");
        } else {
            asm volatile("bar.sync 1, 128;" ::: "memory");
            y[r * 64 + t] = item[63 - t] + 1;
            asm volatile("bar.arrive 2, 128;" ::: "memory");
        }
    }
}

__device__ __noinline__ float polynomial(float x, int degree) {
    float coefficient[8], sum = 0;
    for (int i = 0; i < 8; i++) coefficient[i] = 1.0f / (i + 1);
    for (int i = degree; i >= 0; i--) sum = sum * x + coefficient[i];
    return sum;
}

// A switch, a call, a local array, double precision and the math library in one kernel.
extern "C" __global__ void mixture(const float* x, float* y, double* z, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float v = x[i];
    switch (i % 7) {
        case 0: v = expf(v); break;
        case 1: v = logf(fabsf(v) + 1); break;
        case 2: v = tanhf(v); break;
        case 3: v = polynomial(v, i % 8); break;
        case 4: v = sinf(100 * v); break;
        case 5: v = erff(v); break;
        default: v = powf(fabsf(v) + 0.1f, 1.7f);
    }
    y[i] = v;
    z[i] = exp((double)x[i]) / 3 + sqrt((double)i) + lgamma((double)(i % 9 + 0.5));
}

// How often __syncthreads_count, _and and _or say so.
extern "C" __global__ void votes(const int* x, int* y) {
    int many = __syncthreads_count(x[threadIdx.x] > 0);
    int all = __syncthreads_and(x[threadIdx.x] > -100);
    int any = __syncthreads_or(x[threadIdx.x] > 1000);
    y[threadIdx.x] = many * 100 + all * 10 + any;
}
