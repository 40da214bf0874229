package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Start;
import java.util.stream.IntStream;

/// Deep Java Library on PyTorch's CPU engine.
public final class Djl implements Contender.Library {
    @Override
    public String name() {
        return "djl";
    }

    @Override
    public String description() {
        Engine engine = Engine.getEngine("PyTorch");
        return "DJL " + Engine.getDjlVersion() + " on PyTorch " + engine.getVersion();
    }

    @Override
    public boolean present() {
        return Engine.hasEngine("PyTorch");
    }

    @Override
    public boolean knows(Sized workload) {
        return switch (workload.workload().name()) {
            case "vae", "iwae", "rbm", "dcgan", "convolution", "convolutiongradients" -> true;
            case "chain" -> workload.sizes().at("steps") <= DjlChain.MOST_STEPS;
            default -> false;
        };
    }

    @Override
    public Contender open(Start start, int threads) {
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        return switch (start.workload().workload().name()) {
            case "rbm" -> new DjlRbm(start);
            case "dcgan" -> new DjlDcgan(start);
            case "chain" -> new DjlChain(start);
            case "convolution" -> new DjlConvolution(start, false);
            case "convolutiongradients" -> new DjlConvolution(start, true);
            default -> new DjlVae(start);
        };
    }

    /// An array of Elbo's.
    static NDArray array(NDManager manager, Start.Array array) {
        long[] extents = IntStream.of(array.extents()).asLongStream().toArray();
        return manager.create(array.values(), new Shape(extents));
    }
}
