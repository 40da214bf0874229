package dev.elbo.ffi.jcuda;

import dev.elbo.ffi.Blas;
import dev.elbo.ffi.ConvolutionAlgorithm;
import dev.elbo.ffi.ConvolutionShape;
import dev.elbo.ffi.ConvolutionShape.Pass;
import dev.elbo.ffi.ConvolutionTask;
import dev.elbo.ffi.CudaBindings;
import dev.elbo.ffi.Dnn;
import dev.elbo.ffi.Images;
import dev.elbo.ffi.Layout;
import dev.elbo.ffi.ProductLayout;
import dev.elbo.simulator.Configuration;
import dev.elbo.simulator.SimulatedGpu;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/// What [CudaBindingsTest] starts in a JVM of its own: says what was chosen, and computes 2 · 3 with it.
///
/// Arguments change the simulated device: `driver=13000`, `library=cublas` and `symbol=cublasSgemm_v2` take away.
final class Child {
    private Child() {}

    public static void main(String[] arguments) {
        Configuration configuration = Configuration.standard();
        for (String argument : arguments) {
            String[] pair = argument.split("=");
            configuration = switch (pair[0]) {
                case "driver" -> configuration.driverVersion(Integer.parseInt(pair[1]));
                case "library" -> configuration.withoutLibrary(pair[1]);
                case "symbol" -> configuration.withoutSymbol(pair[1]);
                default -> throw new IllegalArgumentException(argument);
            };
        }
        SimulatedGpu.install(configuration);
        CudaBindings chosen;
        try {
            chosen = CudaBindings.ofProcess();
        } catch (IllegalArgumentException e) {
            System.out.println(e.getMessage());
            return;
        }
        say("blas", chosen.blas());
        say("dnn", chosen.dnn());
        say("product", gpu -> product(chosen, gpu));
        say("convolution", gpu -> convolution(chosen, gpu));
    }

    private static void say(String what, CudaBindings.Choice choice) {
        System.out.println(
                what + ": " + choice.binding().name() + (choice.available() ? ", " : " is absent, ") + choice.why());
    }

    private static void say(String what, Function<Gpu, String> work) {
        try (Gpu gpu = Gpu.ofProcess()) {
            System.out.println(what + ": " + work.apply(gpu));
        } catch (RuntimeException e) {
            System.out.println(what + ": " + e);
        }
    }

    private static String product(CudaBindings chosen, Gpu gpu) {
        Blas blas = chosen.blas().binding().blas(gpu.stream().handle(), gpu.workspace(), Gpu.WORKSPACE, gpu.arena());
        MemorySegment c = gpu.notANumber(1);
        blas.product(ProductLayout.of(1, 1, 1), 1, gpu.upload(2), gpu.upload(3), 0, c);
        return Float.toString(gpu.download(c, 1)[0]);
    }

    private static String convolution(CudaBindings chosen, Gpu gpu) {
        Dnn dnn = chosen.dnn().binding().dnn(gpu.stream().handle(), gpu.arena());
        MemorySegment y = gpu.notANumber(1);
        ConvolutionTask task =
                ConvolutionTask.of(ConvolutionShape.of(new Images(1, 1, 1, 1, Layout.NCHW), 1, 1, 1), Pass.FORWARD);
        ConvolutionAlgorithm algorithm = dnn.algorithms(task, Gpu.WORKSPACE, 1).getFirst();
        dnn.plan(task, algorithm, gpu.arena())
                .run(gpu.upload(2), gpu.upload(3), MemorySegment.NULL, y, gpu.workspace());
        return gpu.download(y, 1)[0] + " by " + algorithm.name();
    }
}
