// One mistake a kernel; each line that is wrong ends with the word that FaultsTest looks for.
extern "C" __global__ void one_past_the_end(float* x, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i <= n) x[i] = 1;  // wrong
}

extern "C" __global__ void one_before_the_start(const float* x, float* y) {
    y[threadIdx.x] = x[(int)threadIdx.x - 1];  // wrong
}

extern "C" __global__ void past_a_shared_array(float* y) {
    __shared__ float a[32];
    __shared__ float b[32];
    a[threadIdx.x] = 1;
    b[threadIdx.x] = 2;
    __syncthreads();
    y[threadIdx.x] = a[threadIdx.x + 1] + b[threadIdx.x];  // wrong
}

extern "C" __global__ void before_a_shared_array(float* y) {
    __shared__ float a[32];
    a[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = a[(int)threadIdx.x - 1];  // wrong
}

extern "C" __global__ void past_dynamic_shared_memory(int* y) {
    extern __shared__ int cell[];
    cell[threadIdx.x] = y[threadIdx.x];  // wrong
}

extern "C" __global__ void missing_syncthreads(const int* x, int* y) {
    __shared__ int tile[128];
    tile[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    int mirrored = tile[127 - threadIdx.x];
    __syncthreads();
    tile[threadIdx.x] = mirrored + 1;  // wrong
    y[threadIdx.x] = tile[127 - threadIdx.x];  // wrong
}

extern "C" __global__ void reads_before_others_write(const int* x, int* y) {
    __shared__ int tile[128];
    tile[threadIdx.x] = x[threadIdx.x];
    y[threadIdx.x] = tile[127 - threadIdx.x];  // wrong
}

extern "C" __global__ void missing_second_syncthreads(const int* x, int* y) {
    __shared__ int tile[128];
    for (int r = 0; r < 3; r++) {
        tile[threadIdx.x] = x[r * 128 + threadIdx.x];  // wrong
        __syncthreads();
        y[r * 128 + threadIdx.x] = tile[127 - threadIdx.x];  // wrong
    }
}

extern "C" __global__ void missing_syncwarp(const int* x, int* y) {
    __shared__ volatile int tile[32];
    tile[threadIdx.x] = x[threadIdx.x];
    y[threadIdx.x] = tile[31 - threadIdx.x];  // wrong
}

extern "C" __global__ void two_writers(int* y) {
    __shared__ int cell;
    cell = threadIdx.x;  // wrong
    __syncthreads();
    y[threadIdx.x] = cell;
}

extern "C" __global__ void atomic_beside_plain(int* y) {
    __shared__ int cell;
    if (threadIdx.x == 0) cell = 0;
    __syncthreads();
    atomicAdd(&cell, 1);
    if (threadIdx.x == 40) y[0] = cell;  // wrong
}

extern "C" __global__ void halves_race(const short* x, short* y) {
    __shared__ short tile[64];
    tile[threadIdx.x] = x[threadIdx.x];
    y[threadIdx.x] = tile[threadIdx.x ^ 1];  // wrong
}

extern "C" __global__ void uninitialised_shared(float* y) {
    __shared__ float cell[64];
    if (threadIdx.x < 63) cell[threadIdx.x] = 1;
    __syncthreads();
    y[threadIdx.x] = cell[threadIdx.x];  // wrong
}

extern "C" __global__ void reads_global(const float* x, float* y) {
    y[threadIdx.x] = x[threadIdx.x];  // wrong
}

extern "C" __global__ void misaligned(const char* x, float* y) {
    y[threadIdx.x] = *(const float*)(x + 4 * threadIdx.x + 2);  // wrong
}

extern "C" __global__ void misaligned_vector(const float* x, float4* y) {
    y[threadIdx.x] = *(const float4*)(x + threadIdx.x);  // wrong
}

extern "C" __global__ void barrier_in_a_branch(float* y) {
    if (threadIdx.x < 40) {
        y[threadIdx.x] = 1;
        __syncthreads();  // wrong
        y[threadIdx.x] = 2;
    }
}

extern "C" __global__ void two_barriers(const int* x, int* y) {
    if (x[threadIdx.x / 32]) {
        y[threadIdx.x] = 1;
        __syncthreads();  // wrong
    } else {
        y[threadIdx.x] = 2;
        __syncthreads();
        y[threadIdx.x] = 3;
    }
}

extern "C" __global__ void float_atomic(float* sum) {
    atomicAdd(sum, 0.1f);  // wrong
}

extern "C" __global__ void past_a_local_array(const int* index, int* y) {
    int stack[8];
    for (int i = 0; i < 8; i++) stack[i] = i * threadIdx.x;
    y[threadIdx.x] = stack[index[threadIdx.x]];  // wrong
}

extern "C" __global__ void uninitialised_local(const int* index, int* y) {
    int stack[8];
    for (int i = 0; i < 8; i++) {
        if (i != 5) stack[index[i]] = i;
    }
    y[threadIdx.x] = stack[index[threadIdx.x]];  // wrong
}

extern "C" __global__ void half_a_warp_shuffles(float* y) {
    float x = threadIdx.x;
    if (threadIdx.x < 16) x = __shfl_down_sync(0xffff, x, 1) + __shfl_sync(0xffffffffu, x, 20);  // wrong
    y[threadIdx.x] = x;
}

extern "C" __global__ void a_trap(const int* x) {
    if (x[threadIdx.x] == 3) __trap();  // wrong
}

extern "C" __global__ void null_pointer(float* x) {
    if (threadIdx.x == 7) x[0] = 1;  // wrong
}
