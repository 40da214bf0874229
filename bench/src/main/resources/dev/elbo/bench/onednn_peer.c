/*
A plain C program's way to call oneDNN: one primitive for the whole batch, OpenMP's threads, no cut into blocks.

OneDnnPeer compiles this with the system's compiler against the very library file that Elbo has loaded. The few
prototypes and values stand here because the headers need not be installed; they are those of oneDNN 3.
*/
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef void* handle;
typedef struct { int arg; handle memory; } exec_arg;

int dnnl_engine_create(handle* engine, int kind, size_t index);
int dnnl_stream_create(handle* stream, handle engine, unsigned flags);
int dnnl_memory_desc_create_with_strides(handle* md, int ndims, const int64_t* dims, int type, const int64_t* strides);
int dnnl_memory_desc_create_with_tag(handle* md, int ndims, const int64_t* dims, int type, int tag);
size_t dnnl_memory_desc_get_size(handle md);
int dnnl_memory_desc_equal(handle a, handle b);
int dnnl_memory_create(handle* memory, handle md, handle engine, void* data);
int dnnl_primitive_attr_create(handle* attr);
int dnnl_primitive_attr_set_post_ops(handle attr, handle post_ops);
int dnnl_post_ops_create(handle* post_ops);
int dnnl_post_ops_append_eltwise(handle post_ops, int algorithm, float alpha, float beta);
int dnnl_matmul_primitive_desc_create(handle* pd, handle engine, handle src, handle weights, handle bias, handle dst,
                                      handle attr);
int dnnl_convolution_forward_primitive_desc_create(handle* pd, handle engine, int prop, int algorithm, handle src,
                                                   handle weights, handle bias, handle dst, const int64_t* strides,
                                                   const int64_t* dilates, const int64_t* before,
                                                   const int64_t* after, handle attr);
int dnnl_convolution_backward_data_primitive_desc_create(handle* pd, handle engine, int algorithm, handle diff_src,
                                                         handle weights, handle diff_dst, const int64_t* strides,
                                                         const int64_t* dilates, const int64_t* before,
                                                         const int64_t* after, handle forward, handle attr);
int dnnl_convolution_backward_weights_primitive_desc_create(handle* pd, handle engine, int algorithm, handle src,
                                                            handle diff_weights, handle diff_bias, handle diff_dst,
                                                            const int64_t* strides, const int64_t* dilates,
                                                            const int64_t* before, const int64_t* after,
                                                            handle forward, handle attr);
int dnnl_reorder_primitive_desc_create(handle* pd, handle src, handle src_engine, handle dst, handle dst_engine,
                                       handle attr);
handle dnnl_primitive_desc_query_md(handle pd, int what, int index);
int dnnl_primitive_create(handle* primitive, handle pd);
int dnnl_primitive_execute(handle primitive, handle stream, int nargs, const exec_arg* args);
int dnnl_stream_wait(handle stream);
void omp_set_num_threads(int threads);

enum { CPU = 1, F32 = 3, ANY = 1, IN_ORDER = 1, TRAINING = 64, DIRECT = 1 };
enum { SRC = 1, DST = 17, WEIGHTS = 33, BIAS = 41, DIFF_SRC = 129, DIFF_DST = 145, DIFF_WEIGHTS = 161 };
enum { WEIGHTS_MD = 131, DIFF_WEIGHTS_MD = 132 };
enum { TO_Y, TO_X, TO_W };

static handle engine, stream;

/* Up to two primitives in a row: the work itself and the reorder of its weights. */
struct work {
    int threads, count;
    handle primitive[2];
    exec_arg args[2][4];
    int nargs[2];
};

/* The first call that fails is the answer; everything here runs in the set-up, none of it is timed. */
#define TRY(call) do { if ((call) != 0) return NULL; } while (0)

static handle strided(int n, const int64_t* dims, const int64_t* strides) {
    handle md = NULL;
    dnnl_memory_desc_create_with_strides(&md, n, dims, F32, strides);
    return md;
}

static void add(struct work* w, int i, int arg, handle md, void* data) {
    exec_arg* slot = &w->args[i][w->nargs[i]++];
    slot->arg = arg;
    dnnl_memory_create(&slot->memory, md, engine, data);
}

static struct work* begin(int threads) {
    omp_set_num_threads(threads);
    if (!engine) {
        TRY(dnnl_engine_create(&engine, CPU, 0));
        TRY(dnnl_stream_create(&stream, engine, IN_ORDER));
    }
    struct work* w = calloc(1, sizeof *w);
    w->threads = threads;
    return w;
}

/* c = f(op(a) op(b) + bias): a (m, k), b (k, n), all row-major; bias may be null, algorithm 0 is no activation. */
struct work* peer_product(int threads, long m, long k, long n, int ta, int tb, int algorithm, float* a, float* b,
                          float* bias, float* c) {
    struct work* w = begin(threads);
    int64_t da[12] = {m, k}, sa[12] = {ta ? 1 : k, ta ? m : 1};
    int64_t db[12] = {k, n}, sb[12] = {tb ? 1 : n, tb ? k : 1};
    int64_t dc[12] = {m, n}, sc[12] = {n, 1}, dd[12] = {1, n};
    handle md_a = strided(2, da, sa), md_b = strided(2, db, sb), md_c = strided(2, dc, sc);
    handle md_bias = bias ? strided(2, dd, sc) : NULL;
    handle attr = NULL, pd = NULL;
    if (algorithm) {
        handle post_ops;
        TRY(dnnl_primitive_attr_create(&attr));
        TRY(dnnl_post_ops_create(&post_ops));
        TRY(dnnl_post_ops_append_eltwise(post_ops, algorithm, 0, 0));
        TRY(dnnl_primitive_attr_set_post_ops(attr, post_ops));
    }
    TRY(dnnl_matmul_primitive_desc_create(&pd, engine, md_a, md_b, md_bias, md_c, attr));
    TRY(dnnl_primitive_create(&w->primitive[0], pd));
    w->count = 1;
    add(w, 0, SRC, md_a, a);
    add(w, 0, WEIGHTS, md_b, b);
    add(w, 0, DST, md_c, c);
    if (bias) add(w, 0, BIAS, md_bias, bias);
    return w;
}

/* A square window over channel-first images, in one of the three directions; no bias. */
struct work* peer_convolution(int threads, int direction, long n, long in, long size, long out, long taps, long stride,
                              long padding, float* x, float* weights, float* y) {
    struct work* w = begin(threads);
    int64_t after = (size + 2 * padding - taps) / stride + 1;
    int64_t dx[12] = {n, in, size, size}, sx[12] = {in * size * size, size * size, size, 1};
    int64_t dy[12] = {n, out, after, after}, sy[12] = {out * after * after, after * after, after, 1};
    int64_t dw[12] = {out, in, taps, taps}, sw[12] = {in * taps * taps, taps * taps, taps, 1};
    int64_t step[12] = {stride, stride}, dilate[12] = {0, 0}, pad[12] = {padding, padding};
    handle md_x = strided(4, dx, sx), md_y = strided(4, dy, sy), plain = strided(4, dw, sw), any = NULL;
    TRY(dnnl_memory_desc_create_with_tag(&any, 4, dw, F32, ANY));
    handle forward = NULL, pd = NULL;
    TRY(dnnl_convolution_forward_primitive_desc_create(&forward, engine, TRAINING, DIRECT, md_x, any, NULL, md_y, step,
                                                       dilate, pad, pad, NULL));
    switch (direction) {
        case TO_Y:
            pd = forward;
            break;
        case TO_X:
            TRY(dnnl_convolution_backward_data_primitive_desc_create(&pd, engine, DIRECT, md_x, any, md_y, step,
                                                                     dilate, pad, pad, forward, NULL));
            break;
        default:
            TRY(dnnl_convolution_backward_weights_primitive_desc_create(&pd, engine, DIRECT, md_x, any, NULL, md_y,
                                                                        step, dilate, pad, pad, forward, NULL));
    }
    handle chosen = dnnl_primitive_desc_query_md(pd, direction == TO_W ? DIFF_WEIGHTS_MD : WEIGHTS_MD, 0);
    int fits = dnnl_memory_desc_equal(chosen, plain);
    float* inner = weights;
    if (!fits) {
        size_t bytes = (dnnl_memory_desc_get_size(chosen) + 63) / 64 * 64;
        inner = aligned_alloc(64, bytes);
        memset(inner, 0, bytes);
    }
    int main = fits || direction == TO_W ? 0 : 1, side = 1 - main;
    w->count = fits ? 1 : 2;
    TRY(dnnl_primitive_create(&w->primitive[main], pd));
    add(w, main, direction == TO_X ? DIFF_SRC : SRC, md_x, x);
    add(w, main, direction == TO_W ? DIFF_WEIGHTS : WEIGHTS, chosen, inner);
    add(w, main, direction == TO_Y ? DST : DIFF_DST, md_y, y);
    if (!fits) {
        handle reorder = NULL, from = direction == TO_W ? chosen : plain, to = direction == TO_W ? plain : chosen;
        TRY(dnnl_reorder_primitive_desc_create(&reorder, from, engine, to, engine, NULL));
        TRY(dnnl_primitive_create(&w->primitive[side], reorder));
        add(w, side, SRC, from, direction == TO_W ? inner : weights);
        add(w, side, DST, to, direction == TO_W ? weights : inner);
    }
    return w;
}

int peer_run(struct work* w, long times) {
    omp_set_num_threads(w->threads);
    for (long t = 0; t < times; t++) {
        for (int i = 0; i < w->count; i++) {
            int status = dnnl_primitive_execute(w->primitive[i], stream, w->nargs[i], w->args[i]);
            if (status) return status;
        }
        dnnl_stream_wait(stream);
    }
    return 0;
}
