// Clusters: blocks that meet and read each other's shared memory.
#include <cooperative_groups.h>
namespace cg = cooperative_groups;

// Each block passes its values round to the next block of its cluster, and adds what the first block counts.
extern "C" __global__ void __cluster_dims__(4, 1, 1) ring(const int* x, int* y) {
    __shared__ int cell[64];
    __shared__ int count;
    cg::cluster_group cluster = cg::this_cluster();
    int t = threadIdx.x, rank = cluster.block_rank(), next = (rank + 1) % cluster.num_blocks();
    if (t == 0) count = 0;
    cell[t] = x[blockIdx.x * 64 + t];
    cluster.sync();
    int* theirs = cluster.map_shared_rank(cell, next);
    int sum = theirs[t];
    atomicAdd(cluster.map_shared_rank(&count, 0), 1);
    cluster.sync();
    if (t < 2) sum += 1000 * *cluster.map_shared_rank(&count, 0);
    y[blockIdx.x * 64 + t] = sum;
    cluster.sync();
}

extern "C" __global__ void __cluster_dims__(2, 1, 1) leaves_early(int* y) {
    __shared__ int cell[32];
    cg::cluster_group cluster = cg::this_cluster();
    cell[threadIdx.x] = threadIdx.x;
    cluster.sync();
    y[blockIdx.x * 32 + threadIdx.x] = cluster.map_shared_rank(cell, 1 - cluster.block_rank())[threadIdx.x];  // wrong
}

extern "C" __global__ void __cluster_dims__(2, 1, 1) one_block_misses(int* y) {
    cg::cluster_group cluster = cg::this_cluster();
    if (cluster.block_rank() == 0) cluster.sync();  // wrong
    y[blockIdx.x * 32 + threadIdx.x] = 1;
}
