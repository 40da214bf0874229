/* libcublas and libcublasLt on the host, as far as Elbo calls them. Strict where the real ones are. */
#include "host.h"

enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, NOT_SUPPORTED = 15 };

typedef struct {
    int magic;
    void *stream;
    char *workspace;
    size_t bytes;
    int pointers, atomics, math;
} Handle;

#define MAGIC 0x626c6173
#define OPEN(h) if (!(h) || ((Handle *)(h))->magic != MAGIC) return NOT_INITIALIZED

API int cublasGetProperty(int type, int *value) {
    int version[] = {MAJOR, 6, 4};
    if (type < 0 || type > 2) return INVALID_VALUE;
    *value = version[type];
    return SUCCESS;
}

API const char *cublasGetStatusName(int status) { return status == INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE" : "?"; }

API int cublasCreate_v2(Handle **handle) {
    *handle = calloc(1, sizeof(Handle));
    (*handle)->magic = MAGIC;
    (*handle)->atomics = -1;
    return SUCCESS;
}

API int cublasDestroy_v2(Handle *h) {
    OPEN(h);
    h->magic = 0;
    free(h);
    return SUCCESS;
}

API int cublasSetStream_v2(Handle *h, void *stream) {
    OPEN(h);
    h->stream = stream;
    h->workspace = NULL; /* as documented: the workspace goes back to the default */
    h->bytes = 0;
    return SUCCESS;
}

API int cublasSetWorkspace_v2(Handle *h, void *workspace, size_t bytes) {
    OPEN(h);
    if ((uintptr_t)workspace % 256) return INVALID_VALUE;
    h->workspace = workspace;
    h->bytes = bytes;
    return SUCCESS;
}

API int cublasSetMathMode(Handle *h, int mode) {
    OPEN(h);
    h->math = mode;
    return SUCCESS;
}

API int cublasSetAtomicsMode(Handle *h, int mode) {
    OPEN(h);
    h->atomics = mode;
    return SUCCESS;
}

API int cublasSetPointerMode_v2(Handle *h, int mode) {
    OPEN(h);
    h->pointers = mode;
    return SUCCESS;
}

typedef struct {
    int ta, tb;
    int64_t m, n, k, lda, ldb, ldc, sa, sb, sc, batch;
    Rounding round;
} Call;

static int valid(const Call *c) {
    int64_t rowsA = c->ta ? c->k : c->m, rowsB = c->tb ? c->n : c->k;
    return c->m >= 0 && c->n >= 0 && c->k >= 0 && c->lda >= rowsA && c->ldb >= rowsB && c->ldc >= c->m;
}

static float element(const Call *c, const float *A, const float *B, int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t p = 0; p < c->k; p++) {
        float a = c->ta ? A[p + i * c->lda] : A[i + p * c->lda];
        float b = c->tb ? B[j + p * c->ldb] : B[p + j * c->ldb];
        sum += (double)c->round(a) * c->round(b);
    }
    return (float)sum;
}

static void multiply(const Call *c, float alpha, const float *A, const float *B, float beta, float *C) {
    for (int64_t q = 0; q < c->batch; q++)
        for (int64_t j = 0; j < c->n; j++)
            for (int64_t i = 0; i < c->m; i++) {
                float *to = &C[q * c->sc + i + j * c->ldc];
                float old = beta == 0 ? 0 : beta * *to;
                *to = alpha * element(c, A + q * c->sa, B + q * c->sb, i, j) + old;
            }
}

static int gemm(Handle *h, Call c, const float *alpha, const float *A, const float *B, const float *beta, float *C) {
    OPEN(h);
    if (!valid(&c) || !c.round) return INVALID_VALUE;
    if (h->pointers != 0 || h->atomics != 0) return NOT_SUPPORTED; /* Elbo sets both */
    count(h->stream);
    use(h->workspace, h->bytes);
    multiply(&c, *alpha, A, B, *beta, C);
    return SUCCESS;
}

static Rounding rounding(int computeType) {
    return computeType == 68 ? f32 : computeType == 77 ? tf32 : computeType == 75 ? bf16 : NULL;
}

API int cublasSgemm_v2(Handle *h, int ta, int tb, int m, int n, int k, const float *alpha, const float *A, int lda,
                       const float *B, int ldb, const float *beta, float *C, int ldc) {
    OPEN(h);
    Call c = {ta, tb, m, n, k, lda, ldb, ldc, 0, 0, 0, 1, h->math == 3 ? tf32 : f32};
    return gemm(h, c, alpha, A, B, beta, C);
}

API int cublasGemmEx(Handle *h, int ta, int tb, int m, int n, int k, const float *alpha, const float *A, int typeA,
                     int lda, const float *B, int typeB, int ldb, const float *beta, float *C, int typeC, int ldc,
                     int compute, int algorithm) {
    if (typeA || typeB || typeC || algorithm != -1) return NOT_SUPPORTED;
    Call c = {ta, tb, m, n, k, lda, ldb, ldc, 0, 0, 0, 1, rounding(compute)};
    return gemm(h, c, alpha, A, B, beta, C);
}

API int cublasGemmStridedBatchedEx(Handle *h, int ta, int tb, int m, int n, int k, const float *alpha, const float *A,
                                   int typeA, int lda, long long sa, const float *B, int typeB, int ldb, long long sb,
                                   const float *beta, float *C, int typeC, int ldc, long long sc, int batch,
                                   int compute, int algorithm) {
    if (typeA || typeB || typeC || algorithm != -1) return NOT_SUPPORTED;
    Call c = {ta, tb, m, n, k, lda, ldb, ldc, sa, sb, sc, batch, rounding(compute)};
    return gemm(h, c, alpha, A, B, beta, C);
}

/* ---- cublasLt ---- */

enum { RELU = 2, BIAS = 4, DRELU = 8, BGRAD = 16, GELU = 32, DGELU = 64, AUX = 128, BGRADA = 256, BGRADB = 512 };

typedef struct {
    int compute, transposed[2], epilogue;
    float *bias;
    unsigned char *aux;
    int64_t auxLeading;
} Descriptor;

typedef struct {
    int64_t rows, cols, leading, stride;
    int batch;
} Layout;

typedef struct {
    uint64_t workspace;
    uint32_t mask;
} Preference;

typedef struct {
    int32_t id;
    char rest[60];
    uint64_t workspace;
    int state;
    float waves;
    int reserved[4];
} Result;

API size_t cublasLtGetVersion(void) { return MAJOR * 10000 + 604; }

API int cublasLtCreate(Handle **handle) { return cublasCreate_v2(handle); }
API int cublasLtDestroy(Handle *handle) { return cublasDestroy_v2(handle); }

API int cublasLtMatmulDescCreate(Descriptor **d, int compute, int scale) {
    *d = calloc(1, sizeof(Descriptor));
    (*d)->compute = compute;
    (*d)->epilogue = 1;
    return scale ? NOT_SUPPORTED : SUCCESS;
}

API int cublasLtMatmulDescDestroy(Descriptor *d) {
    free(d);
    return SUCCESS;
}

static int store(void *to, size_t size, const void *from, size_t bytes) {
    if (size != bytes) return INVALID_VALUE;
    memcpy(to, from, bytes);
    return SUCCESS;
}

API int cublasLtMatmulDescSetAttribute(Descriptor *d, int attribute, const void *value, size_t bytes) {
    switch (attribute) {
        case 3: return store(&d->transposed[0], 4, value, bytes);
        case 4: return store(&d->transposed[1], 4, value, bytes);
        case 7: return store(&d->epilogue, 4, value, bytes);
        case 8: return store(&d->bias, 8, value, bytes);
        case 11: return store(&d->aux, 8, value, bytes);
        case 12: return store(&d->auxLeading, 8, value, bytes);
        default: return INVALID_VALUE;
    }
}

API int cublasLtMatrixLayoutCreate(Layout **l, int type, uint64_t rows, uint64_t cols, int64_t leading) {
    *l = calloc(1, sizeof(Layout));
    **l = (Layout){rows, cols, leading, 0, 1};
    return type ? NOT_SUPPORTED : SUCCESS;
}

API int cublasLtMatrixLayoutDestroy(Layout *l) {
    free(l);
    return SUCCESS;
}

API int cublasLtMatrixLayoutSetAttribute(Layout *l, int attribute, const void *value, size_t bytes) {
    switch (attribute) {
        case 5: return store(&l->batch, 4, value, bytes);
        case 6: return store(&l->stride, 8, value, bytes);
        default: return INVALID_VALUE;
    }
}

API int cublasLtMatmulPreferenceCreate(Preference **p) {
    *p = calloc(1, sizeof(Preference));
    (*p)->mask = 7;
    return SUCCESS;
}

API int cublasLtMatmulPreferenceDestroy(Preference *p) {
    free(p);
    return SUCCESS;
}

API int cublasLtMatmulPreferenceSetAttribute(Preference *p, int attribute, const void *value, size_t bytes) {
    uint32_t alignment;
    switch (attribute) {
        case 1: return store(&p->workspace, 8, value, bytes);
        case 3: return store(&p->mask, 4, value, bytes);
        case 5: case 6: case 7: case 8: return store(&alignment, 4, value, bytes);
        default: return INVALID_VALUE;
    }
}

/* Three algorithms: split sums in place (id 1), in the compute type (2, with a workspace), and none (3). */
API int cublasLtMatmulAlgoGetHeuristic(Handle *h, Descriptor *d, Layout *a, Layout *b, Layout *c, Layout *dd,
                                       Preference *p, int requested, Result *results, int *returned) {
    static const uint32_t scheme[] = {1, 2, 0};
    static const uint64_t workspace[] = {0, 4096, 0};
    OPEN(h);
    *returned = 0;
    if (d->epilogue & (GELU | DGELU)) return NOT_SUPPORTED;
    for (int id = 1; id <= 3 && *returned < requested; id++) {
        if ((scheme[id - 1] & ~p->mask) || workspace[id - 1] > p->workspace) continue;
        memset(&results[*returned], 0, sizeof(Result));
        results[*returned].id = id;
        results[(*returned)++].workspace = workspace[id - 1];
    }
    return SUCCESS;
}

static void epilogue(const Descriptor *d, const Call *c, const float *A, const float *B, float *C) {
    int e = d->epilogue;
    if (e & (BGRAD | BGRADA)) memset(d->bias, 0, c->m * sizeof(float));
    if (e & BGRADB) memset(d->bias, 0, c->n * sizeof(float));
    for (int64_t j = 0; j < c->n; j++)
        for (int64_t i = 0; i < c->m; i++) {
            float *to = &C[i + j * c->ldc];
            unsigned char *byte = d->aux + j * d->auxLeading / 8 + i / 8, bit = 1 << i % 8;
            if (e & BIAS) *to += d->bias[i];
            if (e & RELU) {
                if (e & AUX) *byte = *to > 0 ? *byte | bit : *byte & ~bit;
                if (*to < 0) *to = 0;
            }
            if (e & DRELU && !(*byte & bit)) *to = 0;
            if (e & BGRAD) d->bias[i] += *to;
        }
    if (e & BGRADA)
        for (int64_t i = 0; i < c->m; i++)
            for (int64_t p = 0; p < c->k; p++) d->bias[i] += c->ta ? A[p + i * c->lda] : A[i + p * c->lda];
    if (e & BGRADB)
        for (int64_t j = 0; j < c->n; j++)
            for (int64_t p = 0; p < c->k; p++) d->bias[j] += c->tb ? B[j + p * c->ldb] : B[p + j * c->ldb];
}

API int cublasLtMatmul(Handle *h, Descriptor *d, const float *alpha, const float *A, Layout *a, const float *B,
                       Layout *b, const float *beta, const float *C, Layout *c, float *D, Layout *dd,
                       const int32_t *algorithm, void *workspace, size_t bytes, void *stream) {
    OPEN(h);
    if (*algorithm < 2 || *algorithm > 3 || C != D || c != dd) return INVALID_VALUE;
    if (*algorithm == 2 && bytes < 4096) return INVALID_VALUE;
    int64_t k = d->transposed[0] ? a->rows : a->cols;
    Call call = {d->transposed[0], d->transposed[1], c->rows, c->cols, k, a->leading, b->leading, c->leading,
                 a->stride, b->stride, c->stride, c->batch, rounding(d->compute)};
    if (!valid(&call) || (d->transposed[1] ? b->cols : b->rows) != k) return INVALID_VALUE;
    count(stream);
    if (*algorithm == 2) use(workspace, bytes);
    multiply(&call, *alpha, A, B, *beta, D);
    epilogue(d, &call, A, B, D);
    return SUCCESS;
}
