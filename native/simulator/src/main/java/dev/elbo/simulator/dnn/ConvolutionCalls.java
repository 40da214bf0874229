package dev.elbo.simulator.dnn;

import dev.elbo.simulator.dnn.Convolution.Manner;
import dev.elbo.simulator.dnn.Convolution.Pass;
import dev.elbo.simulator.dnn.DescriptorCalls.ConvolutionDescriptor;
import dev.elbo.simulator.library.NumberType;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;
import java.util.List;

/// Convolutions by the calls that predate cuDNN's graph interface.
final class ConvolutionCalls {
    private static final int PERF_BYTES = 48;

    private final DnnCalls dnn;
    private final DescriptorCalls descriptors;

    ConvolutionCalls(DnnCalls dnn, DescriptorCalls descriptors) {
        this.dnn = dnn;
        this.descriptors = descriptors;
    }

    /// One pass with its shapes.
    private record Task(
            Pass pass,
            Convolution convolution,
            int mathType,
            TensorShape x,
            TensorShape w,
            TensorShape y,
            int capability) {
        Task {
            convolution.check(x, w, y);
        }

        TensorShape result() {
            return pass == Pass.FORWARD ? y : pass == Pass.DATA ? x : w;
        }

        List<LegacyAlgorithm> algorithms() {
            return LegacyAlgorithm.all(pass, x, w, convolution, capability, mathType);
        }

        LegacyAlgorithm algorithm(int number) {
            return LegacyAlgorithm.of(pass, number, x, w, convolution, capability);
        }
    }

    private Task task(Pass pass, long x, long w, long y, long convolution) {
        ConvolutionDescriptor found = dnn.get(convolution, ConvolutionDescriptor.class);
        Task task = new Task(
                pass,
                found.convolution(),
                found.mathType(),
                descriptors.tensor(x),
                descriptors.filter(w),
                descriptors.tensor(y),
                dnn.driver.configuration().computeCapability());
        NumberType type = task.x.type();
        if (task.w.type() != type || task.y.type() != type) {
            throw DnnStatus.BAD_PARAM.because("data types differ; x=" + task.x + ", w=" + task.w + ", y=" + task.y);
        }
        return task;
    }

    // cudnnStatus_t cudnnGetConvolutionForwardAlgorithm_v7(handle, srcDesc, filterDesc, convDesc, destDesc,
    //     int requestedAlgoCount, int* returnedAlgoCount, cudnnConvolutionFwdAlgoPerf_t* perfResults)
    @Exported
    void cudnnGetConvolutionForwardAlgorithm_v7(
            long handle, long x, long w, long convolution, long y, int requested, long returned, long results) {
        list(handle, task(Pass.FORWARD, x, w, y, convolution), requested, returned, results);
    }

    // cudnnStatus_t cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, filterDesc, diffDesc, convDesc, gradDesc, ...)
    @Exported
    void cudnnGetConvolutionBackwardDataAlgorithm_v7(
            long handle, long w, long dy, long convolution, long dx, int requested, long returned, long results) {
        list(handle, task(Pass.DATA, dx, w, dy, convolution), requested, returned, results);
    }

    // cudnnStatus_t cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, srcDesc, diffDesc, convDesc, gradDesc, ...)
    @Exported
    void cudnnGetConvolutionBackwardFilterAlgorithm_v7(
            long handle, long x, long dy, long convolution, long dw, int requested, long returned, long results) {
        list(handle, task(Pass.FILTER, x, dw, dy, convolution), requested, returned, results);
    }

    private void list(long handle, Task task, int requested, long returned, long results) {
        dnn.handle(handle);
        if (requested < 1) throw DnnStatus.BAD_PARAM.because("requested=" + requested);
        int written = 0;
        for (LegacyAlgorithm each : task.algorithms()) {
            if (written == requested) break;
            long at = results + (long) written++ * PERF_BYTES;
            Host.at(at, PERF_BYTES).fill((byte) 0);
            Host.putInt(at, each.number());
            Host.putInt(at + 4, each.supported() ? 0 : DnnStatus.NOT_SUPPORTED.number());
            Host.putFloat(at + 8, -1);
            Host.putLong(at + 16, each.workspace(task.result()));
            Host.putInt(at + 24, each.deterministic() ? 1 : 0);
            Host.putInt(at + 28, each.mathType());
        }
        Host.putInt(returned, written);
    }

    // cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(handle, xDesc, wDesc, convDesc, yDesc, algo, size_t* size)
    @Exported
    void cudnnGetConvolutionForwardWorkspaceSize(
            long handle, long x, long w, long convolution, long y, int algorithm, long size) {
        size(task(Pass.FORWARD, x, w, y, convolution), algorithm, size);
    }

    // cudnnStatus_t cudnnGetConvolutionBackwardDataWorkspaceSize(handle, wDesc, dyDesc, convDesc, dxDesc, algo, size)
    @Exported
    void cudnnGetConvolutionBackwardDataWorkspaceSize(
            long handle, long w, long dy, long convolution, long dx, int algorithm, long size) {
        size(task(Pass.DATA, dx, w, dy, convolution), algorithm, size);
    }

    // cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(handle, xDesc, dyDesc, convDesc, gradDesc, algo,
    // size)
    @Exported
    void cudnnGetConvolutionBackwardFilterWorkspaceSize(
            long handle, long x, long dy, long convolution, long dw, int algorithm, long size) {
        size(task(Pass.FILTER, x, dw, dy, convolution), algorithm, size);
    }

    private static void size(Task task, int number, long out) {
        LegacyAlgorithm algorithm = task.algorithm(number);
        if (!algorithm.supported()) throw DnnStatus.NOT_SUPPORTED.because("algorithm=" + number);
        Host.putLong(out, algorithm.workspace(task.result()));
    }

    // cudnnStatus_t cudnnConvolutionForward(handle, const void* alpha, xDesc, const void* x, wDesc, const void* w,
    //     convDesc, algo, void* workSpace, size_t workSpaceSizeInBytes, const void* beta, yDesc, void* y)
    @Exported
    void cudnnConvolutionForward(
            long handle,
            long alpha,
            long xShape,
            long x,
            long wShape,
            long w,
            long convolution,
            int algorithm,
            long workspace,
            long bytes,
            long beta,
            long yShape,
            long y) {
        Task task = task(Pass.FORWARD, xShape, wShape, yShape, convolution);
        run(handle, task, algorithm, alpha, new Tensor(task.x, x), new Tensor(task.w, w), workspace, bytes, beta, y);
    }

    // cudnnStatus_t cudnnConvolutionBackwardData(handle, alpha, wDesc, w, dyDesc, dy, convDesc, algo, workSpace,
    //     workSpaceSizeInBytes, beta, dxDesc, dx)
    @Exported
    void cudnnConvolutionBackwardData(
            long handle,
            long alpha,
            long wShape,
            long w,
            long dyShape,
            long dy,
            long convolution,
            int algorithm,
            long workspace,
            long bytes,
            long beta,
            long dxShape,
            long dx) {
        Task task = task(Pass.DATA, dxShape, wShape, dyShape, convolution);
        run(handle, task, algorithm, alpha, new Tensor(task.y, dy), new Tensor(task.w, w), workspace, bytes, beta, dx);
    }

    // cudnnStatus_t cudnnConvolutionBackwardFilter(handle, alpha, xDesc, x, dyDesc, dy, convDesc, algo, workSpace,
    //     workSpaceSizeInBytes, beta, dwDesc, dw)
    @Exported
    void cudnnConvolutionBackwardFilter(
            long handle,
            long alpha,
            long xShape,
            long x,
            long dyShape,
            long dy,
            long convolution,
            int algorithm,
            long workspace,
            long bytes,
            long beta,
            long dwShape,
            long dw) {
        Task task = task(Pass.FILTER, xShape, dwShape, dyShape, convolution);
        run(handle, task, algorithm, alpha, new Tensor(task.x, x), new Tensor(task.y, dy), workspace, bytes, beta, dw);
    }

    private void run(
            long handle,
            Task task,
            int number,
            long alpha,
            Tensor first,
            Tensor second,
            long workspace,
            long bytes,
            long beta,
            long result) {
        CudnnHandle found = dnn.handle(handle);
        LegacyAlgorithm algorithm = task.algorithm(number);
        if (!algorithm.supported()) throw DnnStatus.NOT_SUPPORTED.because("algorithm=" + number);
        long scratch = algorithm.workspace(task.result());
        if (scratch > bytes) {
            throw DnnStatus.BAD_PARAM.because("workspace is too small; bytes=" + bytes + ", wanted=" + scratch);
        }
        float a = DnnCalls.scalar(alpha);
        float b = DnnCalls.scalar(beta);
        Tensor out = new Tensor(task.result(), result);
        String name = dnn.driver.call();
        Manner manner = new Manner(task.mathType != LegacyAlgorithm.FMA_MATH, algorithm.reverse());
        dnn.launch(found, () -> {
            var memory = dnn.driver.bytes();
            if (scratch > 0) memory.writable(workspace, scratch, "workspace of " + name);
            float[] values = task.convolution.run(
                    task.pass,
                    task.x,
                    task.w,
                    task.y,
                    first.read(memory, "first operand of " + name),
                    second.read(memory, "second operand of " + name),
                    manner);
            out.blend(memory, a, values, b, "result of " + name);
        });
    }

    // cudnnStatus_t cudnnConvolutionBackwardBias(handle, alpha, dyDesc, const void* dy, beta, dbDesc, void* db)
    @Exported
    void cudnnConvolutionBackwardBias(
            long handle, long alpha, long dyShape, long dy, long beta, long dbShape, long db) {
        CudnnHandle found = dnn.handle(handle);
        Tensor gradient = new Tensor(descriptors.tensor(dyShape), dy);
        Tensor bias = new Tensor(descriptors.tensor(dbShape), db);
        int channels = gradient.shape().extent(1);
        if (bias.shape().count() != channels) {
            throw DnnStatus.BAD_PARAM.because("bias=" + bias.shape() + ", channels=" + channels);
        }
        float a = DnnCalls.scalar(alpha);
        float b = DnnCalls.scalar(beta);
        dnn.launch(found, () -> {
            float[] values = gradient.read(dnn.driver.bytes(), "dy of cudnnConvolutionBackwardBias");
            int plane = values.length / gradient.shape().extent(0) / channels;
            float[] sums = new float[channels];
            for (int i = 0; i < values.length; i++) sums[i / plane % channels] += values[i];
            bias.blend(dnn.driver.bytes(), a, sums, b, "db of cudnnConvolutionBackwardBias");
        });
    }
}
