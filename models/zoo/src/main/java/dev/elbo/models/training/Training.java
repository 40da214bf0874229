package dev.elbo.models.training;

import dev.elbo.runtime.Checkpoint;
import dev.elbo.runtime.Tensor;
import java.nio.file.Path;
import java.util.Map;

/// A run of training that can be watched, saved and gone on with, whatever moves the parameters.
public interface Training extends AutoCloseable {
    /// Trains until it is done or the watcher has had enough.
    ///
    /// @return steps done
    long run(Trainer.Watcher watcher);

    /// Steps done. The state may be that after fewer: see [#checkGoing].
    long steps();

    /// Makes sure that the state is that after so many [#steps]: to be called before it is saved as such. Where
    /// training stops at a number that is not finite, a device that is given steps ahead says so only when
    /// asked. Waits for the device.
    ///
    /// @throws TrainingStoppedException where it has stopped
    default void checkGoing() {}

    /// Everything that a run needs to go on, by name.
    Map<String, Tensor> state();

    /// Goes on from a saved state. Only before the first step.
    void restore(Checkpoint checkpoint);

    /// Whether a run that was saved and resumed ends in the same bytes as one that was never interrupted.
    default boolean resumesExactly() {
        return true;
    }

    /// Where a run that stops at a number that is not finite leaves all that its last step computed, see
    /// [dev.elbo.runtime.StepDump]. A training without recorded steps leaves nothing.
    ///
    /// @param file overwritten
    default void dumpsTo(Path file) {}

    @Override
    void close();
}
