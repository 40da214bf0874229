package dev.elbo.ffi;

import static java.lang.foreign.FunctionDescriptor.of;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/// Batch normalisation by cuDNN, one mean and variance for each channel. Checked; see [Dnn].
final class CuDnnNormalisation {
    private static final NativeLibrary LIB = CuDnn.library();

    // cudnnStatus_t cudnnBatchNormalizationForwardTraining(cudnnHandle_t handle, cudnnBatchNormMode_t mode,
    //     const void* alpha, const void* beta, const cudnnTensorDescriptor_t xDesc, const void* x,
    //     const cudnnTensorDescriptor_t yDesc, void* y, const cudnnTensorDescriptor_t bnScaleBiasMeanVarDesc,
    //     const void* bnScale, const void* bnBias, double exponentialAverageFactor, void* resultRunningMean,
    //     void* resultRunningVariance, double epsilon, void* resultSaveMean, void* resultSaveInvVariance)
    private static final MethodHandle cudnnBatchNormalizationForwardTraining = LIB.bind(
            "cudnnBatchNormalizationForwardTraining",
            of(
                    JAVA_INT,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    JAVA_DOUBLE,
                    ADDRESS,
                    ADDRESS,
                    JAVA_DOUBLE,
                    ADDRESS,
                    ADDRESS));

    // cudnnStatus_t cudnnBatchNormalizationForwardInference(cudnnHandle_t handle, cudnnBatchNormMode_t mode,
    //     const void* alpha, const void* beta, const cudnnTensorDescriptor_t xDesc, const void* x,
    //     const cudnnTensorDescriptor_t yDesc, void* y, const cudnnTensorDescriptor_t bnScaleBiasMeanVarDesc,
    //     const void* bnScale, const void* bnBias, const void* estimatedMean, const void* estimatedVariance,
    //     double epsilon)
    private static final MethodHandle cudnnBatchNormalizationForwardInference = LIB.bind(
            "cudnnBatchNormalizationForwardInference",
            of(
                    JAVA_INT,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    JAVA_DOUBLE));

    // cudnnStatus_t cudnnBatchNormalizationBackward(cudnnHandle_t handle, cudnnBatchNormMode_t mode,
    //     const void* alphaDataDiff, const void* betaDataDiff, const void* alphaParamDiff, const void* betaParamDiff,
    //     const cudnnTensorDescriptor_t xDesc, const void* x, const cudnnTensorDescriptor_t dyDesc, const void* dy,
    //     const cudnnTensorDescriptor_t dxDesc, void* dx, const cudnnTensorDescriptor_t dBnScaleBiasDesc,
    //     const void* bnScale, void* dBnScaleResult, void* dBnBiasResult, double epsilon, const void* savedMean,
    //     const void* savedInvVariance)
    private static final MethodHandle cudnnBatchNormalizationBackward = LIB.bind(
            "cudnnBatchNormalizationBackward",
            of(
                    JAVA_INT,
                    ADDRESS,
                    JAVA_INT,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    ADDRESS,
                    JAVA_DOUBLE,
                    ADDRESS,
                    ADDRESS));

    private CuDnnNormalisation() {}

    /// See [Dnn#normaliseTraining]; alpha is 1 and beta 0.
    static void batchNormalizationForwardTraining(
            MemorySegment handle,
            MemorySegment one,
            MemorySegment zero,
            MemorySegment images,
            MemorySegment x,
            MemorySegment y,
            MemorySegment channels,
            MemorySegment scale,
            MemorySegment shift,
            double momentum,
            Dnn.Moments running,
            double epsilon,
            Dnn.Moments saved) {
        MemorySegment runningMean = running.mean();
        MemorySegment runningVariance = running.spread();
        MemorySegment savedMean = saved.mean();
        MemorySegment savedInverse = saved.spread();
        int status;
        try {
            status = (int) cudnnBatchNormalizationForwardTraining.invokeExact(
                    handle,
                    CuDnn.BATCHNORM_SPATIAL,
                    one,
                    zero,
                    images,
                    x,
                    images,
                    y,
                    channels,
                    scale,
                    shift,
                    momentum,
                    runningMean,
                    runningVariance,
                    epsilon,
                    savedMean,
                    savedInverse);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw CuDnn.failure(
                    status,
                    "cudnnBatchNormalizationForwardTraining",
                    "exponentialAverageFactor=" + momentum + ", epsilon=" + epsilon);
        }
    }

    /// See [Dnn#normaliseInference]; alpha is 1 and beta 0.
    static void batchNormalizationForwardInference(
            MemorySegment handle,
            MemorySegment one,
            MemorySegment zero,
            MemorySegment images,
            MemorySegment x,
            MemorySegment y,
            MemorySegment channels,
            MemorySegment scale,
            MemorySegment shift,
            Dnn.Moments running,
            double epsilon) {
        MemorySegment mean = running.mean();
        MemorySegment variance = running.spread();
        int status;
        try {
            status = (int) cudnnBatchNormalizationForwardInference.invokeExact(
                    handle,
                    CuDnn.BATCHNORM_SPATIAL,
                    one,
                    zero,
                    images,
                    x,
                    images,
                    y,
                    channels,
                    scale,
                    shift,
                    mean,
                    variance,
                    epsilon);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw CuDnn.failure(status, "cudnnBatchNormalizationForwardInference", "epsilon=" + epsilon);
        }
    }

    /// See [Dnn#normaliseGradient]; `beta` is the factor of all three results.
    static void batchNormalizationBackward(
            MemorySegment handle,
            MemorySegment one,
            MemorySegment beta,
            MemorySegment images,
            MemorySegment x,
            MemorySegment dy,
            MemorySegment dx,
            MemorySegment channels,
            MemorySegment scale,
            MemorySegment dscale,
            MemorySegment dshift,
            double epsilon,
            Dnn.Moments saved) {
        MemorySegment mean = saved.mean();
        MemorySegment inverse = saved.spread();
        int status;
        try {
            status = (int) cudnnBatchNormalizationBackward.invokeExact(
                    handle,
                    CuDnn.BATCHNORM_SPATIAL,
                    one,
                    beta,
                    one,
                    beta,
                    images,
                    x,
                    images,
                    dy,
                    images,
                    dx,
                    channels,
                    scale,
                    dscale,
                    dshift,
                    epsilon,
                    mean,
                    inverse);
        } catch (Throwable t) {
            throw NativeException.rethrow(t);
        }
        if (status != 0) {
            throw CuDnn.failure(status, "cudnnBatchNormalizationBackward", "epsilon=" + epsilon);
        }
    }
}
