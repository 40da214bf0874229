/*
pointwise: unary functions, binary arithmetic with broadcasting, and the moves between them

formula      unary        y = f(x), f by its code in common/functions.cuh    pullback  dx = dy f'(x)
             binary       y[i,j] = a[i,j] o b[i,j], o one of + - * /         pullback  d = dy times dy/da or dy/db
             scale        y = alpha x; added to y if not first (axpy)
             fill         y = value
             copy_rows    y[i,j] = x[i,j] between two row strides: slices and concatenations of columns, and back
             concat_rows  y = (a; b), one under the other
             repeat_rows  y[r,j] = x[r / times,j]    pullback  dx[i,j] = sum of dy[r,j] over the rows r of i, ascending
shapes       x, y, dx, dy (n), any shape; concat_rows: a (upper, cols), b (lower, cols)
             a, b by strides: (cols, 1) full, (0, 1) one row, (1, 0) one column, (0, 0) one number
             binary's y, dy and d are full, (rows, cols) row-major: the gradient of a broadcast operand is d summed
             (sum_columns_f32, sum_rows_f32 or sum_segments_f32)
types        f32
launch       unary_f32, unary_pullback_f32, scale_f32, fill_f32: block 256, grid ceil(n / 1024)
             binary_f32, binary_pullback_f32, copy_rows_f32, concat_rows_f32: block 256, grid ceil(rows * cols / 1024)
             repeat_rows_f32: block 256, grid ceil(rows * times * cols / 1024)
             repeat_rows_pullback_f32: block 256, grid ceil(rows * cols / 256)
ownership    caller owns every buffer; forward overwrites; scale, copy_rows and pullbacks overwrite if first, else
             add; an output may be an input of the same shape, except for copies and repeats
edges        n need not be a multiple of 4, pointers of 16 bytes: whatever is whole and aligned moves as 16 bytes, the
             rest singly. A pullback's x (or y) may be null where f' is written in the other, see common/functions.cuh.
             Outside a domain the IEEE answer: log of 0 is -inf, of less NaN; sqrt of less than 0 NaN; a / 0 infinite
determinism  bit contract: each element from its own operands alone, each operation rounded once; scale adds
             fma(alpha, x, y); the gradient of b in a / b is -(dy (a / b)) / b
bytes        unary 8 n, pullback 12 n; binary 4 n and the operands once, pullback the same and dy; 4 n more where it
             adds
versions     2  concat_rows, one launch where copy_rows was two; not yet timed  <- this file
             1  four elements per thread, codes instead of a kernel for each function
reference    dev.elbo.runtime.ops, host branches; dev.elbo.runtime.cpu for the functions
*/
#include "common/elements.cuh"
#include "common/functions.cuh"

#define ADD 0
#define SUBTRACT 1
#define MULTIPLY 2
#define DIVIDE 3

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
unary_f32(const float* x,  // (n)
          float* y,        // (n)
          long long n, int function, float parameter) {
    long long e = first_of_thread();
    if (e >= n) return;

    Quad q = load(x + e, n - e);
    switch (function) {  // one branch for four elements, and in it the function is known
#define CASE(f) \
    case f: \
        for (int i = 0; i < QUAD; i++) q.at[i] = function_of(f, q.at[i], parameter); \
        break;
        EACH_FUNCTION(CASE)
#undef CASE
    }
    store(y + e, q, n - e);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
unary_pullback_f32(const float* x,   // (n) or null
                   const float* y,   // (n) or null
                   const float* dy,  // (n)
                   float* dx,        // (n)
                   long long n, int function, float parameter, int first) {
    long long e = first_of_thread();
    if (e >= n) return;

    Quad none = {};
    Quad in = x != nullptr ? load(x + e, n - e) : none;
    Quad out = y != nullptr ? load(y + e, n - e) : none;
    Quad d = load(dy + e, n - e);
    switch (function) {
#define CASE(f) \
    case f: \
        for (int i = 0; i < QUAD; i++) d.at[i] = function_gradient(f, in.at[i], out.at[i], d.at[i], parameter); \
        break;
        EACH_FUNCTION(CASE)
#undef CASE
    }
    contribute(dx + e, d, n - e, first);
}

// Four elements of an operand that is read by strides, from element e of the full shape.
__device__ __forceinline__ Quad operand(const float* p, long long e, long long left, int cols, int row_stride,
                                        int col_stride) {
    if (row_stride == cols && col_stride == 1) return load(p + e, left);
    Quad q = {};
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD; i++) {
        if (i < left) q.at[i] = p[cell.row * row_stride + cell.col * col_stride];
        to_next(cell, cols);
    }
    return q;
}

__device__ __forceinline__ float arithmetic(int operation, float a, float b) {
    switch (operation) {
        case ADD: return a + b;
        case SUBTRACT: return a - b;
        case MULTIPLY: return a * b;
        default: return a / b;
    }
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
binary_f32(const float* a,  // (rows, cols) by strides
           const float* b,  // (rows, cols) by strides
           float* y,        // (rows, cols)
           int rows, int cols, int a_row, int a_col, int b_row, int b_col, int operation) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad u = operand(a, e, left, cols, a_row, a_col);
    Quad v = operand(b, e, left, cols, b_row, b_col);
    for (int i = 0; i < QUAD; i++) u.at[i] = arithmetic(operation, u.at[i], v.at[i]);
    store(y + e, u, left);
}

// dy times the derivative of a b or a / b with respect to one of them.
__device__ __forceinline__ float product_gradient(int operation, int of_b, float a, float b, float dy) {
    if (operation == MULTIPLY) return of_b ? dy * a : dy * b;
    return of_b ? -(dy * (a / b)) / b : dy / b;
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
binary_pullback_f32(const float* a,   // (rows, cols) by strides
                    const float* b,   // (rows, cols) by strides
                    const float* dy,  // (rows, cols)
                    float* d,         // (rows, cols), the gradient of a, or of b if of_b
                    int rows, int cols, int a_row, int a_col, int b_row, int b_col, int operation, int of_b,
                    int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Quad q = load(dy + e, left);
    if (operation == MULTIPLY || operation == DIVIDE) {
        Quad u = operand(a, e, left, cols, a_row, a_col);
        Quad v = operand(b, e, left, cols, b_row, b_col);
        for (int i = 0; i < QUAD; i++) q.at[i] = product_gradient(operation, of_b, u.at[i], v.at[i], q.at[i]);
    } else if (operation == SUBTRACT && of_b) {
        for (int i = 0; i < QUAD; i++) q.at[i] = -q.at[i];
    }
    contribute(d + e, q, left, first);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
scale_f32(const float* x,  // (n)
          float* y,        // (n)
          long long n, float alpha, int first) {
    long long e = first_of_thread();
    if (e >= n) return;

    Quad q = load(x + e, n - e);
    Quad before = {};
    if (!first) before = load(y + e, n - e);
    for (int i = 0; i < QUAD; i++) q.at[i] = first ? alpha * q.at[i] : __fmaf_rn(alpha, q.at[i], before.at[i]);
    store(y + e, q, n - e);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
fill_f32(float* y,  // (n)
         long long n, float value) {
    long long e = first_of_thread();
    if (e >= n) return;

    store(y + e, {{value, value, value, value}}, n - e);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
copy_rows_f32(const float* x,  // (rows, cols) by its row stride
              float* y,        // (rows, cols) by its row stride
              int rows, int cols, int x_row, int y_row, int first) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD; i++) {
        if (i < left) contribute(y + cell.row * y_row + cell.col, x[cell.row * x_row + cell.col], first);
        to_next(cell, cols);
    }
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
concat_rows_f32(const float* __restrict__ a,  // (upper, cols)
                const float* __restrict__ b,  // (rows - upper, cols)
                float* __restrict__ y,        // (rows, cols)
                int rows, int cols, int upper) {
    long long e = first_of_thread();
    long long left = (long long)rows * cols - e;
    if (left <= 0) return;

    long long of_a = (long long)upper * cols - e;
    if (of_a >= QUAD || of_a <= 0) {
        store(y + e, of_a > 0 ? load(a + e, left) : load(b - of_a, left), left);
        return;
    }
    for (int i = 0; i < QUAD && i < left; i++) y[e + i] = i < of_a ? a[e + i] : b[i - of_a];
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
repeat_rows_f32(const float* x,  // (rows, cols)
                float* y,        // (rows times, cols)
                int rows, int cols, int times) {
    long long e = first_of_thread();
    long long left = (long long)rows * times * cols - e;
    if (left <= 0) return;

    Quad q = {};
    Cell cell = cell_of(e, cols);
    for (int i = 0; i < QUAD && i < left; i++) {
        q.at[i] = x[cell.row / times * cols + cell.col];
        to_next(cell, cols);
    }
    store(y + e, q, left);
}

extern "C" __global__ void __launch_bounds__(ELEMENT_BLOCK)
repeat_rows_pullback_f32(const float* dy,  // (rows times, cols)
                         float* dx,        // (rows, cols)
                         int rows, int cols, int times, int first) {
    long long e = (long long)blockIdx.x * ELEMENT_BLOCK + threadIdx.x;
    if (e >= (long long)rows * cols) return;

    Cell cell = cell_of(e, cols);
    float sum = 0.0f;
    for (int s = 0; s < times; s++) sum += dy[(cell.row * times + s) * cols + cell.col];
    contribute(dx + e, sum, first);
}
