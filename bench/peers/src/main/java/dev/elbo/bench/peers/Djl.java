package dev.elbo.bench.peers;

import ai.djl.engine.Engine;
import dev.elbo.bench.work.Contender;
import dev.elbo.bench.work.Sized;
import dev.elbo.bench.work.Start;
import java.util.List;

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
        return List.of("vae", "iwae", "rbm", "dcgan").contains(workload.workload().name());
    }

    @Override
    public Contender open(Start start, int threads) {
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        return switch (start.workload().workload().name()) {
            case "rbm" -> new DjlRbm(start);
            case "dcgan" -> new DjlDcgan(start);
            default -> new DjlVae(start);
        };
    }
}
