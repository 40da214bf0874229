/*
probe.sm90: what Hopper adds to `probe`

probe_overlapping  nothing, but lets its successor start at once: what a programmatic node of a graph costs
probe_cluster      barriers of a cluster of blocks
probe_neighbour    dependent loads from the shared memory of the next block of the cluster
*/
#include <cooperative_groups.h>

extern "C" __global__ void probe_overlapping() {
    asm volatile("griddepcontrol.launch_dependents;");
    asm volatile("griddepcontrol.wait;" ::: "memory");
}

extern "C" __global__ void probe_cluster(int rounds) {
    cooperative_groups::cluster_group cluster = cooperative_groups::this_cluster();
    for (int i = 0; i < rounds; i++) cluster.sync();
}

extern "C" __global__ void probe_neighbour(long long* __restrict__ cycles,  // (1), of `rounds` loads
                                           int* __restrict__ y,             // (1)
                                           int rounds) {
    __shared__ volatile int cells[32];
    cooperative_groups::cluster_group cluster = cooperative_groups::this_cluster();
    cells[threadIdx.x & 31] = 0;
    cluster.sync();
    volatile int* next = cluster.map_shared_rank((int*)cells, (cluster.block_rank() + 1) % cluster.num_blocks());
    int at = 0;
    long long begin = clock64();
    for (int i = 0; i < rounds; i++) at = next[at];
    long long end = clock64();
    cluster.sync();
    if (blockIdx.x == 0 && threadIdx.x == 0) {
        cycles[0] = end - begin;
        y[0] = at;
    }
}
