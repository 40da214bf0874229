package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.Blas;
import dev.elbo.ffi.Convolution;
import dev.elbo.ffi.Convolution.Pass;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CudaBindings;
import dev.elbo.ffi.Dnn;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.Layout;
import dev.elbo.ffi.Product;
import java.lang.foreign.MemorySegment;

/// What [CudaBindingsTest] starts in a JVM of its own: says what was chosen, and computes 2 · 3 with it.
final class Child {
    private Child() {}

    public static void main(String[] arguments) {
        try {
            CudaBindings chosen = CudaBindings.ofProcess();
            say("blas", chosen.blas());
            say("dnn", chosen.dnn());
            say("product", () -> product(chosen));
            say("convolution", () -> convolution(chosen));
        } catch (RuntimeException e) {
            System.out.println(e);
        }
    }

    private static void say(String what, CudaBindings.Choice choice) {
        System.out.println(
                what + ": " + choice.binding().name() + (choice.available() ? ", " : " is absent, ") + choice.why());
    }

    private static void say(String what, java.util.function.Supplier<String> work) {
        String answer;
        try {
            answer = work.get();
        } catch (RuntimeException e) {
            answer = e.toString();
        }
        System.out.println(what + ": " + answer);
    }

    private static String product(CudaBindings chosen) {
        try (Host host = Host.open()) {
            Blas blas =
                    chosen.blas().binding().blas(MemorySegment.NULL, host.workspace(), Host.WORKSPACE, host.arena());
            MemorySegment c = host.uninitialised(1);
            blas.product(Product.of(1, 1, 1), 1, host.upload(2), host.upload(3), 0, c);
            return Float.toString(Host.download(c)[0]);
        }
    }

    private static String convolution(CudaBindings chosen) {
        try (Host host = Host.open()) {
            Dnn dnn = chosen.dnn().binding().dnn(MemorySegment.NULL, host.arena());
            MemorySegment y = host.uninitialised(1);
            ConvolutionTask task =
                    ConvolutionTask.of(Convolution.of(new Images(1, 1, 1, 1, Layout.NCHW), 1, 1, 1), Pass.FORWARD);
            var algorithm = dnn.algorithms(task, Host.WORKSPACE, 1).getFirst();
            dnn.plan(task, algorithm, host.arena())
                    .run(host.upload(2), host.upload(3), MemorySegment.NULL, y, host.workspace());
            return Host.download(y)[0] + " by " + algorithm.name();
        }
    }
}
