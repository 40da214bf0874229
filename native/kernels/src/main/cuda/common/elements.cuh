// Elementwise work: one thread owns four consecutive elements, and moves them as one 16-byte word where it may.
#pragma once

#define ELEMENT_BLOCK 256  // threads of a block that works on elements
#define QUAD 4             // elements of one thread

struct Quad {
    float at[QUAD];
};

// First element of this thread.
__device__ __forceinline__ long long first_of_thread() {
    return ((long long)blockIdx.x * ELEMENT_BLOCK + threadIdx.x) * QUAD;
}

// Where an element of a (rows, cols) tensor stands; one division for a thread, not one for each of its elements.
struct Cell {
    long long row, col;
};

__device__ __forceinline__ Cell cell_of(long long e, int cols) {
    long long row = e / cols;
    return {row, e - row * cols};
}

__device__ __forceinline__ void to_next(Cell& cell, int cols) {
    if (++cell.col < cols) return;
    cell.col = 0;
    cell.row++;
}

// Whether the four elements from `p` can be moved at once: all inside, and `p` aligned to 16 bytes.
__device__ __forceinline__ bool whole(const float* p, long long left) {
    return left >= QUAD && ((size_t)p & 15) == 0;
}

// Elements p[0] to p[3], of which only the first `left` exist; the others read as zero.
__device__ __forceinline__ Quad load(const float* p, long long left) {
    if (whole(p, left)) {
        float4 v = *reinterpret_cast<const float4*>(p);
        return {{v.x, v.y, v.z, v.w}};
    }
    Quad q;
    for (int i = 0; i < QUAD; i++) q.at[i] = i < left ? p[i] : 0.0f;
    return q;
}

__device__ __forceinline__ void store(float* p, Quad q, long long left) {
    if (whole(p, left)) {
        *reinterpret_cast<float4*>(p) = make_float4(q.at[0], q.at[1], q.at[2], q.at[3]);
        return;
    }
    for (int i = 0; i < QUAD; i++) {
        if (i < left) p[i] = q.at[i];
    }
}

// A pullback's last line: the first to touch a gradient overwrites it, the others add.
__device__ __forceinline__ void contribute(float* p, Quad q, long long left, int first) {
    if (!first) {
        Quad before = load(p, left);
        for (int i = 0; i < QUAD; i++) q.at[i] = before.at[i] + q.at[i];
    }
    store(p, q, left);
}

__device__ __forceinline__ void contribute(float* p, float value, int first) {
    *p = first ? value : *p + value;
}

// Element r of a buffer, or what serves all where there is none.
__device__ __forceinline__ float per_row(const float* each, float all, long long r) {
    return each != nullptr ? each[r] : all;
}
