package dev.elbo.simulator.dnn;

import dev.elbo.simulator.memory.DeviceMemory;
import dev.elbo.simulator.shim.Exported;

/// Batch normalisation, one mean and variance for each channel.
///
/// ```
/// μ = mean of x, v = its variance, s = 1 / √(v + ε)        over the m numbers of a channel
/// y = scale · (x − μ) · s + shift
/// running mean     ← (1 − f) · it + f · μ
/// running variance ← (1 − f) · it + f · v · m / (m − 1)
/// dshift = Σ dy      dscale = Σ dy · (x − μ) · s
/// dx = scale · s · (dy − dshift / m − (x − μ) · s · dscale / m)
/// ```
final class NormalisationCalls {
    private static final int PER_ACTIVATION = 0;

    private final DnnCalls dnn;
    private final DescriptorCalls descriptors;

    NormalisationCalls(DnnCalls dnn, DescriptorCalls descriptors) {
        this.dnn = dnn;
        this.descriptors = descriptors;
    }

    /// Images and which of their numbers belong together.
    private record Images(TensorShape shape, TensorShape channel) {
        Images {
            if (channel.count() != shape.extent(1)) {
                throw DnnStatus.BAD_PARAM.because("parameters=" + channel + ", images=" + shape);
            }
        }

        int channels() {
            return shape.extent(1);
        }

        int plane() {
            return shape.count() / shape.extent(0) / channels();
        }

        int channelOf(int index) {
            return index / plane() % channels();
        }

        int members() {
            return shape.count() / channels();
        }
    }

    private Images images(int mode, long shape, long channel) {
        if (mode == PER_ACTIVATION) throw DnnStatus.NOT_SUPPORTED.because("normalisation for each activation");
        return new Images(descriptors.tensor(shape), descriptors.tensor(channel));
    }

    private float[] read(TensorShape shape, long address, String what) {
        return new Tensor(shape, address).read(dnn.driver.bytes(), what);
    }

    private void write(TensorShape shape, long address, double[] values, String what) {
        if (address == 0) return;
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) narrow[i] = (float) values[i];
        new Tensor(shape, address).write(dnn.driver.bytes(), narrow, what);
    }

    // cudnnStatus_t cudnnBatchNormalizationForwardTraining(handle, mode, alpha, beta, xDesc, x, yDesc, y, bnDesc,
    //     const void* bnScale, const void* bnBias, double exponentialAverageFactor, void* resultRunningMean,
    //     void* resultRunningVariance, double epsilon, void* resultSaveMean, void* resultSaveInvVariance)
    @Exported
    void cudnnBatchNormalizationForwardTraining(
            long handle,
            int mode,
            long alpha,
            long beta,
            long xShape,
            long x,
            long yShape,
            long y,
            long parameters,
            long scale,
            long shift,
            double factor,
            long runningMean,
            long runningVariance,
            double epsilon,
            long savedMean,
            long savedInverse) {
        CudnnHandle found = dnn.handle(handle);
        Images images = images(mode, xShape, parameters);
        if (runningMean == 0 != (runningVariance == 0) || savedMean == 0 != (savedInverse == 0)) {
            throw DnnStatus.BAD_PARAM.because("mean and variance are given together or not at all");
        }
        Tensor out = new Tensor(descriptors.tensor(yShape), y);
        float a = DnnCalls.scalar(alpha);
        float b = DnnCalls.scalar(beta);
        dnn.launch(found, () -> {
            float[] values = read(images.shape, x, "x of batch normalisation");
            double[] mean = mean(images, values);
            double[] variance = variance(images, values, mean);
            double[] inverse = new double[mean.length];
            for (int c = 0; c < mean.length; c++) inverse[c] = 1 / Math.sqrt(variance[c] + epsilon);
            normalise(images, values, mean, inverse, scale, shift);
            out.blend(dnn.driver.bytes(), a, values, b, "y of batch normalisation");
            write(images.channel, savedMean, mean, "saved mean of batch normalisation");
            write(images.channel, savedInverse, inverse, "saved variance of batch normalisation");
            int m = images.members();
            for (int c = 0; c < mean.length; c++) variance[c] *= m > 1 ? m / (m - 1.0) : 1;
            average(images, runningMean, mean, factor);
            average(images, runningVariance, variance, factor);
        });
    }

    // cudnnStatus_t cudnnBatchNormalizationForwardInference(handle, mode, alpha, beta, xDesc, x, yDesc, y, bnDesc,
    //     bnScale, bnBias, const void* estimatedMean, const void* estimatedVariance, double epsilon)
    @Exported
    void cudnnBatchNormalizationForwardInference(
            long handle,
            int mode,
            long alpha,
            long beta,
            long xShape,
            long x,
            long yShape,
            long y,
            long parameters,
            long scale,
            long shift,
            long mean,
            long variance,
            double epsilon) {
        CudnnHandle found = dnn.handle(handle);
        Images images = images(mode, xShape, parameters);
        Tensor out = new Tensor(descriptors.tensor(yShape), y);
        float a = DnnCalls.scalar(alpha);
        float b = DnnCalls.scalar(beta);
        dnn.launch(found, () -> {
            float[] values = read(images.shape, x, "x of batch normalisation");
            float[] means = read(images.channel, mean, "mean of batch normalisation");
            float[] variances = read(images.channel, variance, "variance of batch normalisation");
            double[] centre = new double[means.length];
            double[] inverse = new double[means.length];
            for (int c = 0; c < means.length; c++) {
                centre[c] = means[c];
                inverse[c] = 1 / Math.sqrt(variances[c] + epsilon);
            }
            normalise(images, values, centre, inverse, scale, shift);
            out.blend(dnn.driver.bytes(), a, values, b, "y of batch normalisation");
        });
    }

    private void normalise(Images images, float[] values, double[] mean, double[] inverse, long scale, long shift) {
        float[] scales = read(images.channel, scale, "scale of batch normalisation");
        float[] shifts = read(images.channel, shift, "shift of batch normalisation");
        for (int i = 0; i < values.length; i++) {
            int c = images.channelOf(i);
            values[i] = (float) (scales[c] * ((values[i] - mean[c]) * inverse[c]) + shifts[c]);
        }
    }

    private void average(Images images, long address, double[] now, double factor) {
        if (address == 0) return;
        // With factor 1 the old average is not looked at: it may never have been written.
        float[] old = factor == 1 ? new float[now.length] : read(images.channel, address, "running average");
        double[] next = new double[now.length];
        for (int c = 0; c < now.length; c++) next[c] = (1 - factor) * old[c] + factor * now[c];
        write(images.channel, address, next, "running average");
    }

    private static double[] mean(Images images, float[] values) {
        double[] sums = new double[images.channels()];
        for (int i = 0; i < values.length; i++) sums[images.channelOf(i)] += values[i];
        for (int c = 0; c < sums.length; c++) sums[c] /= images.members();
        return sums;
    }

    private static double[] variance(Images images, float[] values, double[] mean) {
        double[] sums = new double[images.channels()];
        for (int i = 0; i < values.length; i++) {
            double difference = values[i] - mean[images.channelOf(i)];
            sums[images.channelOf(i)] += difference * difference;
        }
        for (int c = 0; c < sums.length; c++) sums[c] /= images.members();
        return sums;
    }

    // cudnnStatus_t cudnnBatchNormalizationBackward(handle, mode, alphaDataDiff, betaDataDiff, alphaParamDiff,
    //     betaParamDiff, xDesc, x, dyDesc, dy, dxDesc, void* dx, dBnScaleBiasDesc, bnScale, void* dBnScaleResult,
    //     void* dBnBiasResult, double epsilon, const void* savedMean, const void* savedInvVariance)
    @Exported
    void cudnnBatchNormalizationBackward(
            long handle,
            int mode,
            long alphaData,
            long betaData,
            long alphaParameter,
            long betaParameter,
            long xShape,
            long x,
            long dyShape,
            long dy,
            long dxShape,
            long dx,
            long parameters,
            long scale,
            long dscale,
            long dshift,
            double epsilon,
            long savedMean,
            long savedInverse) {
        CudnnHandle found = dnn.handle(handle);
        Images images = images(mode, xShape, parameters);
        Tensor gradient = new Tensor(descriptors.tensor(dyShape), dy);
        Tensor out = new Tensor(descriptors.tensor(dxShape), dx);
        float[] factors = {
            DnnCalls.scalar(alphaData),
            DnnCalls.scalar(betaData),
            DnnCalls.scalar(alphaParameter),
            DnnCalls.scalar(betaParameter)
        };
        dnn.launch(found, () -> {
            DeviceMemory memory = dnn.driver.bytes();
            float[] xs = read(images.shape, x, "x of batch normalisation");
            float[] dys = gradient.read(memory, "dy of batch normalisation");
            double[] mean = saved(images, savedMean, xs);
            double[] inverse = savedInverse(images, savedInverse, xs, mean, epsilon);
            double[] sums = new double[images.channels()];
            double[] products = new double[images.channels()];
            for (int i = 0; i < xs.length; i++) {
                int c = images.channelOf(i);
                sums[c] += dys[i];
                products[c] += dys[i] * (xs[i] - mean[c]) * inverse[c];
            }
            float[] scales = read(images.channel, scale, "scale of batch normalisation");
            float[] values = new float[xs.length];
            for (int i = 0; i < xs.length; i++) {
                int c = images.channelOf(i);
                double unit = (xs[i] - mean[c]) * inverse[c];
                double centred = dys[i] - sums[c] / images.members() - unit * products[c] / images.members();
                values[i] = (float) (scales[c] * inverse[c] * centred);
            }
            out.blend(memory, factors[0], values, factors[1], "dx of batch normalisation");
            blend(images, dscale, products, factors);
            blend(images, dshift, sums, factors);
        });
    }

    private void blend(Images images, long address, double[] values, float[] factors) {
        float[] narrow = new float[values.length];
        for (int i = 0; i < values.length; i++) narrow[i] = (float) values[i];
        new Tensor(images.channel, address)
                .blend(dnn.driver.bytes(), factors[2], narrow, factors[3], "parameter gradient of batch normalisation");
    }

    private double[] saved(Images images, long address, float[] xs) {
        return address == 0 ? mean(images, xs) : widened(read(images.channel, address, "saved mean"));
    }

    private double[] savedInverse(Images images, long address, float[] xs, double[] mean, double epsilon) {
        if (address != 0) return widened(read(images.channel, address, "saved variance"));
        double[] inverse = variance(images, xs, mean);
        for (int c = 0; c < inverse.length; c++) inverse[c] = 1 / Math.sqrt(inverse[c] + epsilon);
        return inverse;
    }

    private static double[] widened(float[] values) {
        double[] wide = new double[values.length];
        for (int i = 0; i < values.length; i++) wide[i] = values[i];
        return wide;
    }
}
