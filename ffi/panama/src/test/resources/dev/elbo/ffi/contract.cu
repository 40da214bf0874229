// The kernels of CudaContractTest. Compiled by `nvcc -arch=compute_75 -ptx`, its `.version` lowered to 7.0.

__device__ unsigned counter[4];

extern "C" __global__ void saxpy(const float* __restrict__ x, float* __restrict__ y, float a, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) y[i] = a * x[i] + y[i];
}

// One argument of each kind, in an order that needs padding.
extern "C" __global__ void mixed(int* out, float f, int i, long long l, const int* in, int last) {
    out[0] = __float_as_int(f);
    out[1] = i;
    out[2] = (int)l;
    out[3] = (int)(l >> 32);
    out[4] = in[0];
    out[5] = last;
}

// Uses as much dynamic shared memory as there are threads.
extern "C" __global__ void reverse(int* x) {
    extern __shared__ int shared[];
    shared[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = shared[blockDim.x - 1 - threadIdx.x];
}

extern "C" __global__ void bump(unsigned by) { counter[0] += by; }
