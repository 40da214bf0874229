package dev.elbo.simulator.dnn;

import dev.elbo.simulator.library.NumberType;
import dev.elbo.simulator.shim.Exported;
import dev.elbo.simulator.shim.Host;

/// The descriptors of the calls that predate cuDNN's graph interface.
final class DescriptorCalls {
    /// Of a tensor; empty until it is set.
    static final class TensorDescriptor {
        private TensorShape shape;

        TensorShape shape() {
            if (shape == null) throw DnnStatus.BAD_PARAM.because("a tensor descriptor that was never set");
            return shape;
        }
    }

    /// Of a filter.
    static final class FilterDescriptor {
        private TensorShape shape;

        TensorShape shape() {
            if (shape == null) throw DnnStatus.BAD_PARAM.because("a filter descriptor that was never set");
            return shape;
        }
    }

    /// Of a convolution.
    static final class ConvolutionDescriptor {
        private Convolution convolution;
        private int mathType;

        Convolution convolution() {
            if (convolution == null) throw DnnStatus.BAD_PARAM.because("a convolution descriptor that was never set");
            return convolution;
        }

        int mathType() {
            return mathType;
        }
    }

    /// Of an activation.
    static final class ActivationDescriptor {
        private Activation activation;

        Activation activation() {
            if (activation == null) throw DnnStatus.BAD_PARAM.because("an activation descriptor that was never set");
            return activation;
        }
    }

    private final DnnCalls dnn;

    DescriptorCalls(DnnCalls dnn) {
        this.dnn = dnn;
    }

    TensorShape tensor(long descriptor) {
        return dnn.get(descriptor, TensorDescriptor.class).shape();
    }

    TensorShape filter(long descriptor) {
        return dnn.get(descriptor, FilterDescriptor.class).shape();
    }

    // cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensorDesc)
    @Exported
    void cudnnCreateTensorDescriptor(long out) {
        Host.putLong(out, dnn.driver.add(new TensorDescriptor()));
    }

    // cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensorDesc)
    @Exported
    void cudnnDestroyTensorDescriptor(long descriptor) {
        destroy(descriptor, TensorDescriptor.class);
    }

    // cudnnStatus_t cudnnSetTensor4dDescriptor(tensorDesc, cudnnTensorFormat_t, cudnnDataType_t, int n, c, h, w)
    @Exported
    void cudnnSetTensor4dDescriptor(long descriptor, int format, int type, int n, int c, int h, int w) {
        dnn.get(descriptor, TensorDescriptor.class).shape =
                TensorShape.packed(TensorShape.type(type), format, n, c, h, w);
    }

    // cudnnStatus_t cudnnSetTensor4dDescriptorEx(tensorDesc, cudnnDataType_t, int n, c, h, w, nStride, cStride,
    // hStride,
    //     wStride)
    @Exported
    void cudnnSetTensor4dDescriptorEx(
            long descriptor, int type, int n, int c, int h, int w, int ns, int cs, int hs, int ws) {
        dnn.get(descriptor, TensorDescriptor.class).shape =
                new TensorShape(TensorShape.type(type), new long[] {n, c, h, w}, new long[] {ns, cs, hs, ws});
    }

    // cudnnStatus_t cudnnGetTensorSizeInBytes(const cudnnTensorDescriptor_t tensorDesc, size_t* size)
    @Exported
    void cudnnGetTensorSizeInBytes(long descriptor, long size) {
        TensorShape shape = tensor(descriptor);
        Host.putLong(size, shape.span() * shape.type().bytes());
    }

    // cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filterDesc)
    @Exported
    void cudnnCreateFilterDescriptor(long out) {
        Host.putLong(out, dnn.driver.add(new FilterDescriptor()));
    }

    // cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filterDesc)
    @Exported
    void cudnnDestroyFilterDescriptor(long descriptor) {
        destroy(descriptor, FilterDescriptor.class);
    }

    // cudnnStatus_t cudnnSetFilter4dDescriptor(filterDesc, cudnnDataType_t, cudnnTensorFormat_t, int k, c, h, w)
    @Exported
    void cudnnSetFilter4dDescriptor(long descriptor, int type, int format, int k, int c, int h, int w) {
        dnn.get(descriptor, FilterDescriptor.class).shape =
                TensorShape.packed(TensorShape.type(type), format, k, c, h, w);
    }

    // cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* convDesc)
    @Exported
    void cudnnCreateConvolutionDescriptor(long out) {
        Host.putLong(out, dnn.driver.add(new ConvolutionDescriptor()));
    }

    // cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t convDesc)
    @Exported
    void cudnnDestroyConvolutionDescriptor(long descriptor) {
        destroy(descriptor, ConvolutionDescriptor.class);
    }

    // cudnnStatus_t cudnnSetConvolution2dDescriptor(convDesc, int pad_h, pad_w, u, v, dilation_h, dilation_w,
    //     cudnnConvolutionMode_t mode, cudnnDataType_t computeType)
    @Exported
    void cudnnSetConvolution2dDescriptor(
            long descriptor,
            int padH,
            int padW,
            int strideH,
            int strideW,
            int dilationH,
            int dilationW,
            int mode,
            int compute) {
        if (padH < 0 || padW < 0 || strideH < 1 || strideW < 1 || dilationH < 1 || dilationW < 1) {
            throw DnnStatus.BAD_PARAM.because("pad=" + padH + "," + padW + ", stride=" + strideH + "," + strideW
                    + ", dilation=" + dilationH + "," + dilationW);
        }
        if (TensorShape.type(compute) != NumberType.F32) {
            throw DnnStatus.NOT_SUPPORTED.because("compute type=" + compute);
        }
        dnn.get(descriptor, ConvolutionDescriptor.class).convolution =
                new Convolution(padH, padW, strideH, strideW, dilationH, dilationW, mode == 0, 1);
    }

    // cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t convDesc, cudnnMathType_t mathType)
    @Exported
    void cudnnSetConvolutionMathType(long descriptor, int type) {
        if (type < 0 || type > 3) throw DnnStatus.BAD_PARAM.because("math type=" + type);
        dnn.get(descriptor, ConvolutionDescriptor.class).mathType = type;
    }

    // cudnnStatus_t cudnnGetConvolutionMathType(cudnnConvolutionDescriptor_t convDesc, cudnnMathType_t* mathType)
    @Exported
    void cudnnGetConvolutionMathType(long descriptor, long type) {
        Host.putInt(type, dnn.get(descriptor, ConvolutionDescriptor.class).mathType);
    }

    // cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t convDesc, int groupCount)
    @Exported
    void cudnnSetConvolutionGroupCount(long descriptor, int groups) {
        ConvolutionDescriptor found = dnn.get(descriptor, ConvolutionDescriptor.class);
        Convolution c = found.convolution();
        if (groups < 1) throw DnnStatus.BAD_PARAM.because("groups=" + groups);
        found.convolution = new Convolution(
                c.padH(), c.padW(), c.strideH(), c.strideW(), c.dilationH(), c.dilationW(), c.flipped(), groups);
    }

    // cudnnStatus_t cudnnGetConvolution2dForwardOutputDim(convDesc, inputTensorDesc, filterDesc, int* n, *c, *h, *w)
    @Exported
    void cudnnGetConvolution2dForwardOutputDim(long descriptor, long x, long filter, long n, long c, long h, long w) {
        long[] extents =
                dnn.get(descriptor, ConvolutionDescriptor.class).convolution().output(tensor(x), filter(filter));
        long[] out = {n, c, h, w};
        for (int i = 0; i < out.length; i++) Host.putInt(out[i], (int) extents[i]);
    }

    // cudnnStatus_t cudnnCreateActivationDescriptor(cudnnActivationDescriptor_t* activationDesc)
    @Exported
    void cudnnCreateActivationDescriptor(long out) {
        Host.putLong(out, dnn.driver.add(new ActivationDescriptor()));
    }

    // cudnnStatus_t cudnnDestroyActivationDescriptor(cudnnActivationDescriptor_t activationDesc)
    @Exported
    void cudnnDestroyActivationDescriptor(long descriptor) {
        destroy(descriptor, ActivationDescriptor.class);
    }

    // cudnnStatus_t cudnnSetActivationDescriptor(activationDesc, cudnnActivationMode_t, cudnnNanPropagation_t, double)
    @Exported
    void cudnnSetActivationDescriptor(long descriptor, int mode, int nan, double coefficient) {
        dnn.get(descriptor, ActivationDescriptor.class).activation = Activation.of(mode, (float) coefficient);
    }

    private <T> void destroy(long descriptor, Class<T> kind) {
        dnn.get(descriptor, kind);
        dnn.driver.remove(descriptor, kind);
    }
}
