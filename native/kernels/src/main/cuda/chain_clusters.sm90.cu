/*
chain_clusters: the passes of chain over many states: eight blocks a sequence, and the matrix in their registers

formula      as chain's passes:  y_j = sum_i x_i A(i,j)
shapes       unary, forward, backward, w (n, steps, states)    matrices (2, states, states)    plan (2)    start, end
             (states) or null    lengths (n)    sums (2, n)
types        f32; maxima of the scores and log Z in f64
launch       chain_clusters_f32: block 512, grid n * 8 x 2
ownership    as chain's passes, in whose place it stands: chain_plan before, chain_serve and what follows after
edges        as chain's passes.  states <= 512; blocks and rows are for more than 128, though fewer come out right
determinism  bitwise from run to run: chains of 16 fused multiply-adds, added ascending; no sequence sees another
bytes        8 n steps states each way, and the scores eight times from the cache; the matrix once
versions     1  64 weights a thread, one exchange of products a step; two sequences a cluster, as the device has room
                for sixteen clusters, not tried; not yet timed  <- this file
reference    dev.elbo.runtime.cpu.LoopedChain
*/
#include "common/chain_pass.cuh"

#define BLOCKS 8     // of a cluster
#define THREADS 512  // of a block: one for each state
#define PART 64      // states divided by BLOCKS, at most

// One block of a cluster, as a team of common/chain_pass.cuh. All blocks of a cluster know all of x and do the same
// with it, but for the product: the matrix is too large for one multiprocessor, so each block has the columns of `part`
// states. There a thread has the rows of `part` states in one column: slice threadIdx.x / 64, column threadIdx.x % 64.
//
//     x  ->  products with a slice of the rows  ->  their sums, a column's in each block that wants them  ->  x
//        block                                block                                                   cluster
//
// The sums go into two buffers by turns: a block that is ahead writes those of the next step where nobody reads now,
// and is not two steps ahead, since every step has a barrier of the cluster.
struct Shared {
    float x[BLOCKS][PART];           // by slices, 0 past the last state of one
    float products[BLOCKS][PART];    // by slices and columns
    float sums[2][BLOCKS * PART];    // what this block is told
    double cells[THREADS / WARP];    // of maxima and sums over the block
};

__device__ __forceinline__ void meet_cluster() {
    __cluster_barrier_arrive();
    __cluster_barrier_wait();
}

struct Block {
    int j, states, part, rank, slice, column, turn;
    float max_transition;
    Shared* shared;
    float weights[PART];

    __device__ __forceinline__ void read(const float* matrix, int rows, float max, Shared* buffer) {
        j = (int)threadIdx.x;
        states = rows;
        part = (states + BLOCKS - 1) / BLOCKS;
        rank = (int)blockIdx.x % BLOCKS;
        slice = j / PART;
        column = j % PART;
        turn = 0;
        max_transition = max;
        shared = buffer;
        int to = rank * part + column;
#pragma unroll
        for (int r = 0; r < PART; r++) {
            int from = slice * part + r;
            bool ours = r < part && column < part && from < states && to < states;
            weights[r] = ours ? matrix[(size_t)from * states + to] : 0.0f;
        }
        shared->x[slice][column] = 0.0f;
        meet_cluster();  // nobody is written to before it is there
    }
    __device__ __forceinline__ void enter(int) {}
    __device__ __forceinline__ bool keeps() const { return j / part == rank; }
    __device__ __forceinline__ double shift(int length) const { return (length - 1) * (double)max_transition; }

    __device__ __forceinline__ float dot(float x) {
        if (j < states) shared->x[j / part][j % part] = x;
        __syncthreads();
        float total = 0.0f;
#pragma unroll
        for (int chain = 0; chain < PART; chain += CHAIN_TERMS) {
            if (chain >= part) break;
            float sum = 0.0f;
#pragma unroll
            for (int r = chain; r < chain + CHAIN_TERMS; r += 4) {
                // All lanes of a warp want the same: four at a time, or the memory is busier than the multipliers.
                float4 four = *reinterpret_cast<const float4*>(shared->x[slice] + r);
                sum = __fmaf_rn(four.x, weights[r], sum);
                sum = __fmaf_rn(four.y, weights[r + 1], sum);
                sum = __fmaf_rn(four.z, weights[r + 2], sum);
                sum = __fmaf_rn(four.w, weights[r + 3], sum);
            }
            total += sum;
        }
        shared->products[slice][column] = total;
        __syncthreads();
        total = 0.0f;
#pragma unroll
        for (int s = 0; s < BLOCKS; s++) total += shared->products[s][column];
        // As many threads know the sum of a column as there are blocks: each tells one of them.
        float* theirs = (float*)__cluster_map_shared_rank(shared->sums[turn], slice);
        if (column < part) theirs[rank * part + column] = total;
        meet_cluster();
        float sum = j < states ? shared->sums[turn][j] : 0.0f;
        turn = 1 - turn;
        return sum;
    }
    template <typename T>
    __device__ __forceinline__ T largest(T x) const {
        return block_max(x, reinterpret_cast<T*>(shared->cells));
    }
    __device__ __forceinline__ double sum(double x) const { return block_sum(x, shared->cells); }
};

extern "C" __global__ void __cluster_dims__(BLOCKS, 1, 1) __launch_bounds__(THREADS)
chain_clusters_f32(const float* __restrict__ unary,     // (n, steps, states)
                   const float* __restrict__ matrices,  // (2, states, states)
                   const float* __restrict__ plan,      // (2)
                   const float* __restrict__ start,     // (states) or null
                   const float* __restrict__ end,       // (states) or null
                   const int* __restrict__ lengths,     // (n)
                   float* __restrict__ forward,         // (n, steps, states)
                   float* __restrict__ backward,        // (n, steps, states)
                   float* __restrict__ w,               // (n, steps, states)
                   double* __restrict__ sums,           // (2, n)
                   int n, int steps, int states, int scan_from) {
    __shared__ __align__(16) Shared shared;
    int q = (int)blockIdx.x / BLOCKS;
    Chain c = chain_of(unary, start, end, lengths, q, n, steps, states);
    if (q >= n || c.length >= scan_from) return;  // a whole cluster

    int backwards = (int)blockIdx.y;
    Block team;
    team.read(matrices + (size_t)backwards * states * states, states, plan[0], &shared);
    double sum = plan[1] == 0.0f ? (double)NAN : pass(team, c, backwards, backwards ? backward : forward, w);
    if (team.j == 0 && team.rank == 0) sums[(size_t)backwards * n + q] = sum;
}
