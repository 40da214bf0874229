// What newer variants of kernels use: asynchronous copies, matrix instructions, warp reductions.
#include <stdint.h>

extern "C" __global__ void staged(const float4* x, float4* y, int n) {
    __shared__ __align__(16) float4 tile[2][64];
    int t = threadIdx.x;
    unsigned base = (unsigned)__cvta_generic_to_shared(&tile[0][t]);
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(base), "l"(x + t));
    asm volatile("cp.async.commit_group;");
    for (int i = 0; i < n; i++) {
        if (i + 1 < n) {
            unsigned next = base + ((i + 1) & 1) * 64 * 16;
            asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(next), "l"(x + (i + 1) * 64 + t));
        }
        asm volatile("cp.async.commit_group;");
        asm volatile("cp.async.wait_group 1;");
        __syncthreads();
        y[i * 64 + t] = tile[i & 1][63 - t];
        __syncthreads();
    }
}

extern "C" __global__ void copies_and_does_not_wait(const float* x, float* y) {
    __shared__ float tile[64];
    unsigned base = (unsigned)__cvta_generic_to_shared(&tile[threadIdx.x]);
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(base), "l"(x + threadIdx.x));
    __syncthreads();
    y[threadIdx.x] = tile[threadIdx.x];  // wrong
}

// One warp: d (16, 8) = a (16, 8) b (8, 8) + c, tf32.
extern "C" __global__ void mma_tf32(const float* a, const float* b, float* d) {
    int lane = threadIdx.x, g = lane / 4, q = lane % 4;
    uint32_t A[4], B[2];
    A[0] = __float_as_uint(a[g * 8 + q]);
    A[1] = __float_as_uint(a[(g + 8) * 8 + q]);
    A[2] = __float_as_uint(a[g * 8 + q + 4]);
    A[3] = __float_as_uint(a[(g + 8) * 8 + q + 4]);
    B[0] = __float_as_uint(b[q * 8 + g]);
    B[1] = __float_as_uint(b[(q + 4) * 8 + g]);
    float D[4] = {1, 1, 1, 1};
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                 "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
                 : "+f"(D[0]), "+f"(D[1]), "+f"(D[2]), "+f"(D[3])
                 : "r"(A[0]), "r"(A[1]), "r"(A[2]), "r"(A[3]), "r"(B[0]), "r"(B[1]));
    d[g * 8 + 2 * q] = D[0];
    d[g * 8 + 2 * q + 1] = D[1];
    d[(g + 8) * 8 + 2 * q] = D[2];
    d[(g + 8) * 8 + 2 * q + 1] = D[3];
}

// One warp: d (16, 8) = a (16, 16) bt (8, 16)ᵀ, bf16 by way of ldmatrix.
extern "C" __global__ void mma_bf16(const uint16_t* a, const uint16_t* bt, float* d) {
    __shared__ __align__(16) uint16_t sa[16][16], sb[8][16];
    int lane = threadIdx.x, g = lane / 4, q = lane % 4;
    for (int i = lane; i < 256; i += 32) sa[i / 16][i % 16] = a[i];
    for (int i = lane; i < 128; i += 32) sb[i / 16][i % 16] = bt[i];
    __syncwarp();
    uint32_t A[4], B[2];
    unsigned pa = (unsigned)__cvta_generic_to_shared(&sa[lane % 16][lane / 16 * 8]);
    unsigned pb = (unsigned)__cvta_generic_to_shared(&sb[lane % 8][lane / 8 % 2 * 8]);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(A[0]), "=r"(A[1]), "=r"(A[2]), "=r"(A[3]) : "r"(pa));
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];" : "=r"(B[0]), "=r"(B[1]) : "r"(pb));
    float D[4] = {0, 0, 0, 0};
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
                 : "+f"(D[0]), "+f"(D[1]), "+f"(D[2]), "+f"(D[3])
                 : "r"(A[0]), "r"(A[1]), "r"(A[2]), "r"(A[3]), "r"(B[0]), "r"(B[1]));
    d[g * 8 + 2 * q] = D[0];
    d[g * 8 + 2 * q + 1] = D[1];
    d[(g + 8) * 8 + 2 * q] = D[2];
    d[(g + 8) * 8 + 2 * q + 1] = D[3];
}

extern "C" __global__ void largest(const unsigned* x, unsigned* y) {
    unsigned most = __reduce_max_sync(~0u, x[threadIdx.x]);
    y[threadIdx.x] = most - __reduce_add_sync(~0u, x[threadIdx.x] & 1);
}
