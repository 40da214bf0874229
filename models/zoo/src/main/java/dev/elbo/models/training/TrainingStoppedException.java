package dev.elbo.models.training;

/// Training met a loss or a gradient that is not finite, and its plan says to stop there. The parameters are those
/// before that step.
public final class TrainingStoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final long step;

    /// @param step that was not taken
    /// @param norm of its gradient
    /// @param more that is known, as further `, name=value`
    TrainingStoppedException(long step, float norm, String more) {
        super("training stopped: a number is not finite; step=" + step + ", gradient norm=" + norm + more
                + " — lower the learning rate, limit the gradient's norm, or leave such updates out");
        this.step = step;
    }

    /// The same of a training without gradients.
    ///
    /// @param step that was not taken
    /// @param what was met
    public TrainingStoppedException(long step, String what) {
        super("training stopped: " + what + "; step=" + step + " — look at the data, or begin with other parameters");
        this.step = step;
    }

    /// The step that was not taken.
    public long step() {
        return step;
    }
}
