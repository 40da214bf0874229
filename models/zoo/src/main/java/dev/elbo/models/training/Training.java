package dev.elbo.models.training;

import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Tensor;
import java.util.Map;

/// A run of training that can be watched, saved and gone on with, whatever moves the parameters.
public interface Training extends AutoCloseable {
    /// Trains until it is done or the watcher has had enough.
    ///
    /// @return steps done
    long run(Trainer.Watcher watcher);

    /// Steps done.
    long steps();

    /// Everything that a run needs to go on, by name.
    Map<String, Tensor> state();

    /// Goes on from a saved state. Only before the first step.
    void restore(Checkpoint checkpoint);

    @Override
    void close();
}
