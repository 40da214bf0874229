/* libcudnn on the host, as far as Elbo calls it: two-dimensional f32 convolutions by the older calls and by the graph
   interface, bias, activation, batch normalisation. Strict where the real one is. */
#include "host.h"

enum { SUCCESS = 0, NOT_INITIALIZED = 1001, BAD_PARAM = 2000, NOT_SUPPORTED = 3000 };

typedef struct {
    int magic;
    void *stream;
} Handle;

typedef struct {
    int64_t n, c, h, w, sn, sc, sh, sw;
} Tensor;

typedef struct {
    int padH, padW, strideH, strideW, dilationH, dilationW, math;
} Geometry;

#define MAGIC 0x646e6e
#define OPEN(h) if (!(h) || (h)->magic != MAGIC) return NOT_INITIALIZED

static _Thread_local const char *last = "";

static int failed(int status, const char *why) {
    last = why;
    return status;
}

API size_t cudnnGetVersion(void) { return VERSION; }
API size_t cudnnGetCudartVersion(void) { return CUDART; }

API const char *cudnnGetErrorString(int status) {
    switch (status) {
        case SUCCESS: return "CUDNN_STATUS_SUCCESS";
        case NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
        case BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        default: return "CUDNN_STATUS_UNKNOWN";
    }
}

API void cudnnGetLastErrorString(char *message, size_t size) {
    strncpy(message, last, size - 1);
    message[size - 1] = 0;
}

API int cudnnCreate(Handle **handle) {
    *handle = calloc(1, sizeof(Handle));
    (*handle)->magic = MAGIC;
    return SUCCESS;
}

API int cudnnDestroy(Handle *h) {
    OPEN(h);
    h->magic = 0;
    free(h);
    return SUCCESS;
}

API int cudnnSetStream(Handle *h, void *stream) {
    OPEN(h);
    h->stream = stream;
    return SUCCESS;
}

#define DESCRIPTOR(Name, Type)                        \
    API int cudnnCreate##Name##Descriptor(Type **d) { \
        *d = calloc(1, sizeof(Type));                 \
        return SUCCESS;                               \
    }                                                 \
    API int cudnnDestroy##Name##Descriptor(Type *d) { \
        free(d);                                      \
        return SUCCESS;                               \
    }

DESCRIPTOR(Tensor, Tensor)
DESCRIPTOR(Filter, Tensor)
DESCRIPTOR(Convolution, Geometry)
DESCRIPTOR(Activation, int)

static int set(Tensor *t, int format, int type, int n, int c, int h, int w) {
    if (type || n < 1 || c < 1 || h < 1 || w < 1) return failed(BAD_PARAM, "not a 4d f32 tensor");
    *t = format ? (Tensor){n, c, h, w, (int64_t)h * w * c, 1, (int64_t)w * c, c}
                : (Tensor){n, c, h, w, (int64_t)c * h * w, (int64_t)h * w, w, 1};
    return SUCCESS;
}

API int cudnnSetTensor4dDescriptor(Tensor *t, int format, int type, int n, int c, int h, int w) {
    return set(t, format, type, n, c, h, w);
}

API int cudnnSetFilter4dDescriptor(Tensor *t, int type, int format, int k, int c, int h, int w) {
    return set(t, format, type, k, c, h, w);
}

API int cudnnSetConvolution2dDescriptor(Geometry *g, int padH, int padW, int u, int v, int dilationH, int dilationW,
                                        int mode, int type) {
    if (mode != 1 || type) return failed(BAD_PARAM, "not a cross-correlation in f32");
    *g = (Geometry){padH, padW, u, v, dilationH, dilationW, g->math};
    return SUCCESS;
}

API int cudnnSetConvolutionMathType(Geometry *g, int math) {
    g->math = math;
    return SUCCESS;
}

API int cudnnSetActivationDescriptor(int *a, int mode, int nan, double coefficient) {
    *a = mode;
    return mode > 2 || nan != 1 || coefficient ? failed(BAD_PARAM, "activation") : SUCCESS;
}

static int64_t at(const Tensor *t, int64_t n, int64_t c, int64_t h, int64_t w) {
    return n * t->sn + c * t->sc + h * t->sh + w * t->sw;
}

/* out += in for each term of the convolution: pass 0 forward, 1 data gradient, 2 filter gradient. */
static int convolve(int pass, const Geometry *g, const Tensor *tx, const Tensor *tw, const Tensor *ty, const float *x,
                    const float *w, const float *y, const Tensor *out, float alpha, float beta, float *r) {
    if (tx->c != tw->c || ty->c != tw->n || tx->n != ty->n
        || ty->h != (tx->h + 2 * g->padH - g->dilationH * (tw->h - 1) - 1) / g->strideH + 1
        || ty->w != (tx->w + 2 * g->padW - g->dilationW * (tw->w - 1) - 1) / g->strideW + 1)
        return failed(BAD_PARAM, "shapes do not fit");
    Rounding round = g->math == 3 ? f32 : tf32;
    size_t size = out->n * out->c * out->h * out->w;
    double *sum = calloc(size, sizeof(double));
    for (int64_t n = 0; n < ty->n; n++)
    for (int64_t f = 0; f < ty->c; f++)
    for (int64_t p = 0; p < ty->h; p++)
    for (int64_t q = 0; q < ty->w; q++)
    for (int64_t c = 0; c < tx->c; c++)
    for (int64_t i = 0; i < tw->h; i++)
    for (int64_t j = 0; j < tw->w; j++) {
        int64_t row = p * g->strideH - g->padH + i * g->dilationH, col = q * g->strideW - g->padW + j * g->dilationW;
        if (row < 0 || row >= tx->h || col < 0 || col >= tx->w) continue;
        int64_t ix = at(tx, n, c, row, col), iw = at(tw, f, c, i, j), iy = at(ty, n, f, p, q);
        if (pass == 0) sum[iy] += (double)round(x[ix]) * round(w[iw]);
        if (pass == 1) sum[ix] += (double)round(w[iw]) * round(y[iy]);
        if (pass == 2) sum[iw] += (double)round(x[ix]) * round(y[iy]);
    }
    for (size_t e = 0; e < size; e++) r[e] = alpha * (float)sum[e] + (beta == 0 ? 0 : beta * r[e]);
    free(sum);
    return SUCCESS;
}

typedef struct {
    int algorithm, status;
    float time;
    size_t memory;
    int determinism, math, reserved[3];
} Perf;

/* For each pass: 0 sums by atomics; 1 is deterministic and wants a workspace; 2 is not supported; 3 wants none.
   Where TF32 is allowed, tensor cores are offered first. */
static int offer(Handle *h, const Geometry *g, int requested, int *returned, Perf *perf) {
    Perf all[] = {{0, SUCCESS, 1, 0, 0, g->math, {0}}, {1, SUCCESS, 1, 1 << 10, 1, 1, {0}},
                  {1, SUCCESS, 2, 1 << 10, 1, g->math, {0}}, {2, NOT_SUPPORTED, -1, 0, 1, g->math, {0}}, {3, SUCCESS, 4, 0, 1, g->math, {0}}};
    OPEN(h);
    *returned = 0;
    for (int i = 0; i < 5 && *returned < requested; i++)
        if (all[i].math != 1 || g->math != 3) perf[(*returned)++] = all[i];
    return SUCCESS;
}

static int workspace(int algorithm, size_t *bytes) {
    *bytes = algorithm == 1 ? 1 << 10 : 0;
    return algorithm == 2 || algorithm > 3 ? failed(NOT_SUPPORTED, "no such algorithm") : SUCCESS;
}

static int ready(Handle *h, int algorithm, void *scratch, size_t bytes) {
    OPEN(h);
    size_t needed;
    int status = workspace(algorithm, &needed);
    if (status) return status;
    if (bytes < needed || (needed && !scratch)) return failed(BAD_PARAM, "workspace too small");
    count(h->stream);
    if (needed) use(scratch, bytes);
    return SUCCESS;
}

API int cudnnGetConvolutionForwardAlgorithm_v7(Handle *h, Tensor *x, Tensor *w, Geometry *g, Tensor *y, int requested,
                                               int *returned, Perf *perf) {
    return offer(h, g, requested, returned, perf);
}

API int cudnnGetConvolutionBackwardDataAlgorithm_v7(Handle *h, Tensor *w, Tensor *y, Geometry *g, Tensor *x,
                                                    int requested, int *returned, Perf *perf) {
    return offer(h, g, requested, returned, perf);
}

API int cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle *h, Tensor *x, Tensor *y, Geometry *g, Tensor *w,
                                                      int requested, int *returned, Perf *perf) {
    return offer(h, g, requested, returned, perf);
}

API int cudnnGetConvolutionForwardWorkspaceSize(Handle *h, Tensor *x, Tensor *w, Geometry *g, Tensor *y, int algorithm,
                                                size_t *bytes) {
    return workspace(algorithm, bytes);
}

API int cudnnGetConvolutionBackwardDataWorkspaceSize(Handle *h, Tensor *w, Tensor *y, Geometry *g, Tensor *x,
                                                     int algorithm, size_t *bytes) {
    return workspace(algorithm, bytes);
}

API int cudnnGetConvolutionBackwardFilterWorkspaceSize(Handle *h, Tensor *x, Tensor *y, Geometry *g, Tensor *w,
                                                       int algorithm, size_t *bytes) {
    return workspace(algorithm, bytes);
}

API int cudnnConvolutionForward(Handle *h, const float *alpha, Tensor *tx, const float *x, Tensor *tw, const float *w,
                                Geometry *g, int algorithm, void *scratch, size_t bytes, const float *beta, Tensor *ty,
                                float *y) {
    int status = ready(h, algorithm, scratch, bytes);
    return status ? status : convolve(0, g, tx, tw, ty, x, w, y, ty, *alpha, *beta, y);
}

API int cudnnConvolutionBackwardData(Handle *h, const float *alpha, Tensor *tw, const float *w, Tensor *ty,
                                     const float *dy, Geometry *g, int algorithm, void *scratch, size_t bytes,
                                     const float *beta, Tensor *tx, float *dx) {
    int status = ready(h, algorithm, scratch, bytes);
    return status ? status : convolve(1, g, tx, tw, ty, dx, w, dy, tx, *alpha, *beta, dx);
}

API int cudnnConvolutionBackwardFilter(Handle *h, const float *alpha, Tensor *tx, const float *x, Tensor *ty,
                                       const float *dy, Geometry *g, int algorithm, void *scratch, size_t bytes,
                                       const float *beta, Tensor *tw, float *dw) {
    int status = ready(h, algorithm, scratch, bytes);
    return status ? status : convolve(2, g, tx, tw, ty, x, dw, dy, tw, *alpha, *beta, dw);
}

#define EACH(t) for (int64_t n = 0; n < (t)->n; n++) for (int64_t c = 0; c < (t)->c; c++) \
    for (int64_t i = 0; i < (t)->h; i++) for (int64_t j = 0; j < (t)->w; j++)

API int cudnnAddTensor(Handle *h, const float *alpha, Tensor *ta, const float *a, const float *beta, Tensor *tc,
                       float *c_) {
    OPEN(h);
    if (ta->n != 1 || ta->c != tc->c || ta->h != 1 || ta->w != 1) return failed(BAD_PARAM, "not a bias");
    count(h->stream);
    EACH(tc) {
        int64_t e = at(tc, n, c, i, j);
        c_[e] = *alpha * a[c] + *beta * c_[e];
    }
    return SUCCESS;
}

static float f(int mode, float x) { return mode == 0 ? 1 / (1 + expf(-x)) : mode == 1 ? (x < 0 ? 0 : x) : tanhf(x); }

static float slope(int mode, float y) { return mode == 0 ? y * (1 - y) : mode == 1 ? y > 0 : 1 - y * y; }

API int cudnnActivationForward(Handle *h, int *mode, const float *alpha, Tensor *tx, const float *x, const float *beta,
                               Tensor *ty, float *y) {
    OPEN(h);
    count(h->stream);
    for (int64_t e = 0; e < tx->n * tx->c * tx->h * tx->w; e++)
        y[e] = *alpha * f(*mode, x[e]) + (*beta == 0 ? 0 : *beta * y[e]);
    return SUCCESS;
}

API int cudnnActivationBackward(Handle *h, int *mode, const float *alpha, Tensor *ty, const float *y, Tensor *tdy,
                                const float *dy, Tensor *tx, const float *x, const float *beta, Tensor *tdx,
                                float *dx) {
    OPEN(h);
    count(h->stream);
    for (int64_t e = 0; e < tx->n * tx->c * tx->h * tx->w; e++)
        dx[e] = *alpha * dy[e] * slope(*mode, y[e]) + (*beta == 0 ? 0 : *beta * dx[e]);
    return SUCCESS;
}

API int cudnnBatchNormalizationForwardTraining(Handle *h, int mode, const float *alpha, const float *beta, Tensor *tx,
                                               const float *x, Tensor *ty, float *y, Tensor *tc, const float *scale,
                                               const float *shift, double momentum, float *runningMean,
                                               float *runningVariance, double epsilon, float *savedMean,
                                               float *savedInverse) {
    OPEN(h);
    if (mode != 1 || tc->c != tx->c || *alpha != 1 || *beta != 0) return failed(BAD_PARAM, "batch normalisation");
    count(h->stream);
    double size = tx->n * tx->h * tx->w;
    for (int64_t k = 0; k < tx->c; k++) {
        double mean = 0, square = 0;
        EACH(tx) if (c == k) mean += x[at(tx, n, c, i, j)] / size;
        EACH(tx) if (c == k) square += pow(x[at(tx, n, c, i, j)] - mean, 2);
        double inverse = 1 / sqrt(square / size + epsilon);
        EACH(tx) if (c == k) {
            int64_t e = at(tx, n, c, i, j);
            y[e] = scale[k] * (x[e] - mean) * inverse + shift[k];
        }
        runningMean[k] = (1 - momentum) * runningMean[k] + momentum * mean;
        runningVariance[k] = (1 - momentum) * runningVariance[k] + momentum * square / (size - 1);
        savedMean[k] = mean;
        savedInverse[k] = inverse;
    }
    return SUCCESS;
}

API int cudnnBatchNormalizationForwardInference(Handle *h, int mode, const float *alpha, const float *beta, Tensor *tx,
                                                const float *x, Tensor *ty, float *y, Tensor *tc, const float *scale,
                                                const float *shift, const float *mean, const float *variance,
                                                double epsilon) {
    OPEN(h);
    if (mode != 1 || tc->c != tx->c || *alpha != 1 || *beta != 0) return failed(BAD_PARAM, "batch normalisation");
    count(h->stream);
    EACH(tx) {
        int64_t e = at(tx, n, c, i, j);
        y[e] = scale[c] * (x[e] - mean[c]) / sqrt(variance[c] + epsilon) + shift[c];
    }
    return SUCCESS;
}

API int cudnnBatchNormalizationBackward(Handle *h, int mode, const float *alphaData, const float *betaData,
                                        const float *alphaParameter, const float *betaParameter, Tensor *tx,
                                        const float *x, Tensor *tdy, const float *dy, Tensor *tdx, float *dx,
                                        Tensor *tc, const float *scale, float *dscale, float *dshift, double epsilon,
                                        const float *savedMean, const float *savedInverse) {
    OPEN(h);
    if (mode != 1 || tc->c != tx->c || *alphaData != 1 || *alphaParameter != 1)
        return failed(BAD_PARAM, "batch normalisation");
    count(h->stream);
    double size = tx->n * tx->h * tx->w;
    for (int64_t k = 0; k < tx->c; k++) {
        double sum = 0, product = 0, mean = savedMean[k], inverse = savedInverse[k];
        EACH(tx) if (c == k) {
            int64_t e = at(tx, n, c, i, j);
            sum += dy[e];
            product += dy[e] * (x[e] - mean) * inverse;
        }
        EACH(tx) if (c == k) {
            int64_t e = at(tx, n, c, i, j);
            double hat = (x[e] - mean) * inverse;
            double d = scale[k] * inverse * (dy[e] - sum / size - hat * product / size);
            dx[e] = d + (*betaData == 0 ? 0 : *betaData * dx[e]);
        }
        dscale[k] = product + (*betaParameter == 0 ? 0 : *betaParameter * dscale[k]);
        dshift[k] = sum + (*betaParameter == 0 ? 0 : *betaParameter * dshift[k]);
    }
    return SUCCESS;
}

/* ---- the graph interface: descriptors are bags of attributes; finishing one checks it ---- */

enum { HANDLE = 0, BOOLEAN = 2, INT64 = 3, FLOAT = 4, DOUBLE = 5, VOID_PTR = 6, DESCRIPTOR = 15 };

typedef struct {
    int name, type;
    int64_t count;
    char data[256];
} Attribute;

typedef struct {
    int kind, finished, attributes;
    Attribute attribute[12];
} Node;

static size_t width(int type) {
    return type == BOOLEAN ? 1
         : type == HANDLE || type == INT64 || type == DOUBLE || type == VOID_PTR || type == DESCRIPTOR ? 8 : 4;
}

static const Attribute *get(const Node *d, int name) {
    for (int i = 0; i < d->attributes; i++)
        if (d->attribute[i].name == name) return &d->attribute[i];
    return NULL;
}

static Node *node(const Node *d, int name, int i) {
    const Attribute *a = get(d, name);
    return a && i < a->count ? ((Node **)a->data)[i] : NULL;
}

static int64_t whole(const Node *d, int name, int i) { return ((const int64_t *)get(d, name)->data)[i]; }
static int number(const Node *d, int name) { return *(const int *)get(d, name)->data; }

API int cudnnBackendCreateDescriptor(int kind, Node **d) {
    *d = calloc(1, sizeof(Node));
    (*d)->kind = kind;
    return SUCCESS;
}

API int cudnnBackendDestroyDescriptor(Node *d) {
    free(d);
    return SUCCESS;
}

static void put(Node *d, int name, int type, int64_t count, const void *elements) {
    Attribute *a = &d->attribute[d->attributes++];
    *a = (Attribute){name, type, count};
    memcpy(a->data, elements, count * width(type));
}

API int cudnnBackendSetAttribute(Node *d, int name, int type, int64_t count, const void *elements) {
    if (d->finished) return failed(BAD_PARAM, "the descriptor is finished");
    if (count < 1 || count * width(type) > sizeof d->attribute[0].data) return failed(BAD_PARAM, "element count");
    if (type == DESCRIPTOR)
        for (int i = 0; i < count; i++)
            if (!((Node *const *)elements)[i]->finished) return failed(BAD_PARAM, "a descriptor is not finished");
    put(d, name, type, count, elements);
    return SUCCESS;
}

/* What must be there, with its type, ends with -1. */
static const int *required(int kind) {
    static const int pointwise[] = {0, 14, 1, 1, -1}, convolution[] = {100, 1, 101, 7, 102, INT64, 103, INT64, 104, INT64, 105, INT64, 106, INT64, -1},
        engine[] = {1300, DESCRIPTOR, 1301, INT64, -1}, configuration[] = {300, DESCRIPTOR, -1},
        heuristic[] = {201, DESCRIPTOR, 200, 8, -1}, plan[] = {400, HANDLE, 401, DESCRIPTOR, -1},
        knob[] = {600, 9, 601, INT64, -1},
        forward[] = {700, FLOAT, 701, FLOAT, 702, DESCRIPTOR, 703, DESCRIPTOR, 704, DESCRIPTOR, 705, DESCRIPTOR, -1},
        filter[] = {712, FLOAT, 713, FLOAT, 714, DESCRIPTOR, 715, DESCRIPTOR, 716, DESCRIPTOR, 717, DESCRIPTOR, -1},
        data[] = {706, FLOAT, 707, FLOAT, 708, DESCRIPTOR, 709, DESCRIPTOR, 710, DESCRIPTOR, 711, DESCRIPTOR, -1},
        operation[] = {750, DESCRIPTOR, 751, DESCRIPTOR, 753, DESCRIPTOR, -1},
        graph[] = {801, DESCRIPTOR, 800, HANDLE, -1}, pack[] = {1000, INT64, 1001, VOID_PTR, 1003, VOID_PTR, -1},
        tensor[] = {901, 1, 902, INT64, 903, INT64, 906, INT64, 900, INT64, -1}, none[] = {-1};
    switch (kind) {
        case 0: return pointwise;
        case 1: return convolution;
        case 2: return engine;
        case 3: return configuration;
        case 4: return heuristic;
        case 5: return plan;
        case 7: return knob;
        case 10: return forward;
        case 11: return filter;
        case 12: return data;
        case 13: return operation;
        case 15: return graph;
        case 16: return pack;
        case 17: return tensor;
        default: return none;
    }
}

/* Engines: 7 sums by atomics, 5 uses tensor cores, 9 takes no plan, 1 is f32 with a knob and a workspace, 0 is plain
   and comes from the fallback list. GRAPH_ENGINES says how many there are, so that the older calls can be tested. */
static const int engines[] = {7, 5, 9, 1, 0};

static int64_t engineOf(const Node *configuration) { return whole(node(configuration, 300, 0), 1301, 0); }

API int cudnnBackendFinalize(Node *d) {
    for (const int *r = required(d->kind); *r != -1; r += 2) {
        const Attribute *a = get(d, r[0]);
        if (!a || a->type != r[1]) return failed(BAD_PARAM, "an attribute is missing or of another type");
    }
    if (d->kind == 4 && !GRAPH_ENGINES) return failed(NOT_SUPPORTED, "no engine");
    if (d->kind == 5 && engineOf(node(d, 401, 0)) == 9) return failed(NOT_SUPPORTED, "engine 9 takes no plan");
    if (d->kind == 5 && engineOf(node(d, 401, 0)) == 1 && whole(node(node(d, 401, 0), 302, 0), 601, 0) != 4)
        return failed(BAD_PARAM, "engine 1 wants its knob at 4");
    if (d->kind == 16 && get(d, 1000)->count != get(d, 1001)->count) return failed(BAD_PARAM, "ids and pointers differ");
    d->finished = 1;
    return SUCCESS;
}

static Node *child(int kind, int a, int typeA, const void *valueA, int b, int typeB, const void *valueB) {
    Node *d;
    cudnnBackendCreateDescriptor(kind, &d);
    put(d, a, typeA, 1, valueA);
    put(d, b, typeB, 1, valueB);
    d->finished = 1;
    return d;
}

static int64_t configured(const Node *heuristic, int i, Node *to) {
    int first = number(heuristic, 200) == 3 ? 0 : 4, last_ = number(heuristic, 200) == 3 ? 3 : 4;
    if (to) {
        Node *graph = node(heuristic, 201, 0);
        int64_t index = engines[first + i], value = 4;
        int type = 2;
        Node *engine = child(2, 1300, DESCRIPTOR, &graph, 1301, INT64, &index);
        to->attributes = 0;
        put(to, 300, DESCRIPTOR, 1, &engine);
        if (index == 1) {
            Node *knob = child(7, 600, 9, &type, 601, INT64, &value);
            put(to, 302, DESCRIPTOR, 1, &knob);
        }
        to->finished = 1;
    }
    return last_ - first + 1;
}

API int cudnnBackendGetAttribute(Node *d, int name, int type, int64_t requested, int64_t *count, void *elements) {
    if (!d->finished) return failed(BAD_PARAM, "the descriptor is not finished");
    if (d->kind == 4 && name == 202) {
        *count = configured(d, 0, NULL);
        for (int64_t i = 0; i < *count && i < requested; i++) configured(d, i, ((Node **)elements)[i]);
        return SUCCESS;
    }
    if (d->kind == 2 && name == 1303) {
        int64_t engine = whole(d, 1301, 0);
        int notes[] = {engine == 7 ? 4 : 0, 1};
        *count = engine == 7 ? 1 : engine == 5 ? 2 : 0;
        memcpy(elements, notes, *count * sizeof(int));
        return SUCCESS;
    }
    if (d->kind == 5 && name == 402) {
        *(int64_t *)elements = engineOf(node(d, 401, 0)) == 1 ? 2048 : 0;
        *count = 1;
        return SUCCESS;
    }
    const Attribute *a = get(d, name);
    *count = a ? a->count : 0;
    if (!a) return SUCCESS;
    if (a->type != type) return failed(BAD_PARAM, "attribute type");
    for (int64_t i = 0; i < a->count && i < requested; i++) {
        if (type == DESCRIPTOR) *((Node **)elements)[i] = *((Node *const *)a->data)[i];
        else memcpy((char *)elements + i * width(type), a->data + i * width(type), width(type));
    }
    return SUCCESS;
}

static Tensor shape(const Node *d) {
    return (Tensor){whole(d, 902, 0), whole(d, 902, 1), whole(d, 902, 2), whole(d, 902, 3),
                    whole(d, 903, 0), whole(d, 903, 1), whole(d, 903, 2), whole(d, 903, 3)};
}

static float *pointer(const Node *pack, const Node *tensor) {
    for (int i = 0; i < get(pack, 1000)->count; i++)
        if (whole(pack, 1000, i) == whole(tensor, 906, 0)) return ((float **)get(pack, 1001)->data)[i];
    return NULL;
}

/* The operations' tensors that pass from one to the next live in the memory of the last. */
API int cudnnBackendExecute(Handle *h, Node *plan, Node *pack) {
    OPEN(h);
    Node *graph = node(node(node(plan, 401, 0), 300, 0), 1300, 0);
    int64_t operations = get(graph, 801)->count, engine = engineOf(node(plan, 401, 0));
    Node *op = node(graph, 801, 0), *end = node(graph, 801, operations - 1);
    int pass = op->kind == 10 ? 0 : op->kind == 12 ? 1 : 2;
    static const int names[3][6] = {{704, 703, 705, 702, 700, 701}, {710, 709, 711, 708, 706, 707}, {716, 715, 717, 714, 712, 713}};
    const int *name = names[pass];
    Node *x = node(op, name[0], 0), *w = node(op, name[1], 0), *y = node(op, name[2], 0), *g = node(op, name[3], 0);
    Node *result = pass == 0 ? y : pass == 1 ? x : w, *stored = operations > 1 ? node(end, 753, 0) : result;
    float *to = pointer(pack, stored), *px = pass == 1 ? to : pointer(pack, x), *pw = pass == 2 ? to : pointer(pack, w),
          *py = pass == 0 ? to : pointer(pack, y);
    if (!to || !px || !pw || !py) return failed(BAD_PARAM, "a tensor has no pointer");
    if (number(g, 101) != 1 || whole(g, 106, 0) != 2) return failed(BAD_PARAM, "not a 2d cross-correlation");
    Geometry geometry = {whole(g, 105, 0), whole(g, 105, 1), whole(g, 103, 0), whole(g, 103, 1),
                         whole(g, 102, 0), whole(g, 102, 1), engine == 5 ? 0 : 3};
    char *scratch = *(char **)get(pack, 1003)->data;
    if (engine == 1 && !scratch) return failed(BAD_PARAM, "workspace missing");
    count(h->stream);
    if (engine == 1) use(scratch, 2048);
    Tensor tx = shape(x), tw = shape(w), ty = shape(y), tr = shape(result);
    float alpha = *(const float *)get(op, name[4])->data, beta = *(const float *)get(op, name[5])->data;
    int status = convolve(pass, &geometry, &tx, &tw, &ty, px, pw, py, &tr, alpha, beta, to);
    for (int64_t o = 1; o < operations && !status; o++) {
        Node *pointwise = node(graph, 801, o);
        int mode = number(node(pointwise, 750, 0), 0);
        const float *bias = mode == 0 ? pointer(pack, node(pointwise, 752, 0)) : NULL;
        if (mode == 0 && !bias) return failed(BAD_PARAM, "a bias has no pointer");
        EACH(&tr) {
            int64_t e = at(&tr, n, c, i, j);
            to[e] = mode == 0 ? to[e] + bias[c] : f(mode == 100 ? 1 : mode == 101 ? 2 : 0, to[e]);
        }
    }
    return status;
}
