package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.Activation;
import dev.elbo.ffi.AtClose;
import dev.elbo.ffi.ConvolutionShape;
import dev.elbo.ffi.CuDnn;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.Layout;
import java.lang.foreign.Arena;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnActivationDescriptor;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;

/// JCudnn's descriptors of Elbo's shapes; each is destroyed when its owner closes.
final class JcudaDescriptors {
    private static final int PROPAGATE_NAN = 1;

    private JcudaDescriptors() {}

    static cudnnTensorDescriptor tensor(Images images, Arena owner) {
        return tensor(images, CuDnn.DATA_FLOAT, owner);
    }

    /// @param type `cudnnDataType_t`
    static cudnnTensorDescriptor tensor(Images images, int type, Arena owner) {
        cudnnTensorDescriptor made = new cudnnTensorDescriptor();
        CuDnn.check(JCudnn.cudnnCreateTensorDescriptor(made), "cudnnCreateTensorDescriptor", "");
        AtClose.run(
                owner,
                () -> CuDnn.check(JCudnn.cudnnDestroyTensorDescriptor(made), "cudnnDestroyTensorDescriptor", ""));
        CuDnn.check(
                JCudnn.cudnnSetTensor4dDescriptor(
                        made,
                        CuDnn.format(images.layout()),
                        type,
                        images.n(),
                        images.channels(),
                        images.height(),
                        images.width()),
                "cudnnSetTensor4dDescriptor",
                images);
        return made;
    }

    /// One number for each channel.
    static cudnnTensorDescriptor channels(int channels, Arena owner) {
        return tensor(new Images(1, channels, 1, 1, Layout.NCHW), owner);
    }

    /// @param type `cudnnDataType_t`
    static cudnnFilterDescriptor filter(Images weights, int type, Arena owner) {
        cudnnFilterDescriptor made = new cudnnFilterDescriptor();
        CuDnn.check(JCudnn.cudnnCreateFilterDescriptor(made), "cudnnCreateFilterDescriptor", "");
        AtClose.run(
                owner,
                () -> CuDnn.check(JCudnn.cudnnDestroyFilterDescriptor(made), "cudnnDestroyFilterDescriptor", ""));
        CuDnn.check(
                JCudnn.cudnnSetFilter4dDescriptor(
                        made,
                        type,
                        CuDnn.format(weights.layout()),
                        weights.n(),
                        weights.channels(),
                        weights.height(),
                        weights.width()),
                "cudnnSetFilter4dDescriptor",
                weights);
        return made;
    }

    static cudnnConvolutionDescriptor convolution(ConvolutionShape shape, int mathType, Arena owner) {
        cudnnConvolutionDescriptor made = new cudnnConvolutionDescriptor();
        CuDnn.check(JCudnn.cudnnCreateConvolutionDescriptor(made), "cudnnCreateConvolutionDescriptor", "");
        AtClose.run(
                owner,
                () -> CuDnn.check(
                        JCudnn.cudnnDestroyConvolutionDescriptor(made), "cudnnDestroyConvolutionDescriptor", ""));
        CuDnn.check(
                JCudnn.cudnnSetConvolution2dDescriptor(
                        made,
                        shape.padH(),
                        shape.padW(),
                        shape.strideH(),
                        shape.strideW(),
                        shape.dilationH(),
                        shape.dilationW(),
                        CuDnn.CROSS_CORRELATION,
                        CuDnn.DATA_FLOAT),
                "cudnnSetConvolution2dDescriptor",
                shape);
        int status = JCudnn.cudnnSetConvolutionMathType(made, mathType);
        if (status != 0) {
            throw CuDnn.failure(status, "cudnnSetConvolutionMathType", "mathType=" + mathType);
        }
        return made;
    }

    static cudnnActivationDescriptor activation(Activation activation, Arena owner) {
        int mode = CuDnn.activationMode(activation);
        cudnnActivationDescriptor made = new cudnnActivationDescriptor();
        CuDnn.check(JCudnn.cudnnCreateActivationDescriptor(made), "cudnnCreateActivationDescriptor", "");
        AtClose.run(
                owner,
                () -> CuDnn.check(
                        JCudnn.cudnnDestroyActivationDescriptor(made), "cudnnDestroyActivationDescriptor", ""));
        int status = JCudnn.cudnnSetActivationDescriptor(made, mode, PROPAGATE_NAN, 0);
        if (status != 0) {
            throw CuDnn.failure(status, "cudnnSetActivationDescriptor", "mode=" + mode);
        }
        return made;
    }
}
